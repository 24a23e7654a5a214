// SPDX-License-Identifier: Apache-2.0
#include "doppel/control.hpp"
#include "doppel/dry_run.hpp"
#include "doppel/migration.hpp"
#include "tools/common/arguments.hpp"
#include "tools/doppel/dispatch.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace {

std::size_t terminal_columns() {
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool can_redraw() {
    const char* const terminal = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) == 1 && terminal != nullptr &&
           std::string_view(terminal) != "dumb";
}

/// MariaDB's client library reads the certificates of all authorities of the system for each
/// session that names no CA: 25 ms of CPU, most of what a short run takes. They are of no use: a
/// server's certificate is checked only against --ssl-ca and --ssl-capath. OpenSSL has no other
/// switch for it. Before the first thread, as it changes the environment.
void leave_out_authorities_of_the_system() {
    ::setenv("SSL_CERT_FILE", "/dev/null", 1);
}

}  // namespace

int main(int argc, char** argv) {
    const auto arguments = doppel::cli::take_arguments(argc, argv);
    // A reader of the output that goes away must not stop a migration.
    std::signal(SIGPIPE, SIG_IGN);
    leave_out_authorities_of_the_system();
    doppel::cli::ThreadedOutput output;
    try {
        doppel::cli::RealSystem system;
        const doppel::cli::CommandContext context{
            system,
            output,
            std::cin,
            can_redraw(),
            terminal_columns,
            std::chrono::system_clock::now,
            doppel::run_alter,
            doppel::run_verify,
            doppel::read_status,
            doppel::run_cleanup,
            ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1,
            doppel::send_control,
            doppel::run_dry};
        return static_cast<int>(doppel::cli::dispatch(arguments, context));
    } catch (const std::exception& error) {
        const auto text = fmt::format("doppel: internal error: {}\n", error.what());
        output.write(doppel::cli::Stream::err, text, false);
        return static_cast<int>(doppel::cli::ExitCode::failed);
    }
}
