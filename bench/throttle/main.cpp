// SPDX-License-Identifier: Apache-2.0
//
// lag_over_time SCHEMA: prints "seconds-since-the-start lag-in-seconds" until it is told to end
// (SIGTERM, SIGINT). The servers are those that `tools/sandbox env` names.
#include "doppel/error.hpp"
#include "doppel/options.hpp"
#include "support/lag_gauge.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <fmt/format.h>

namespace {

volatile std::sig_atomic_t ending = 0;

void end(int /*signal*/) {
    ending = 1;
}

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

doppel::ConnectionOptions server(const char* port) {
    doppel::ConnectionOptions options;
    options.host = environment("DOPPEL_HOST");
    options.port = static_cast<std::uint16_t>(std::stoul(environment(port)));
    options.user = environment("DOPPEL_USER");
    options.password = environment("DOPPEL_PASSWORD");
    options.get_server_public_key = true;
    return options;
}

void measure(const std::string& schema) {
    const auto started = std::chrono::steady_clock::now();
    const doppel::test::LagGauge gauge(
        server("DOPPEL_PORT"), server("DOPPEL_REPLICA_PORT"), schema
    );
    while (ending == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - started;
        fmt::print("{:.3f} {:.4f}\n", passed.count(), gauge.now());
        std::fflush(stdout);
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGTERM, end);
    std::signal(SIGINT, end);
    try {
        if (argc != 2) {
            fmt::print(stderr, "usage: lag_over_time SCHEMA\n");
            return 2;
        }
        measure(argv[1]);
    } catch (const std::exception& error) {
        fmt::print(stderr, "lag_over_time: {}\n", error.what());
        return 1;
    }
    return 0;
}
