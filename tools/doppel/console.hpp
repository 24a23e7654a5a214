// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/doppel/output.hpp"

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace doppel::cli {

/// Text without control bytes: names and messages come from the server and must not steer the
/// operator's terminal. Line ends stay, and the lines after the first are indented.
[[nodiscard]] std::string printable(std::string_view text);

/// Lines for people on both streams and, on a terminal, one progress line below them that is
/// redrawn in place. Thread-safe, so that log lines do not tear the progress line.
class Console final {
public:
    /// Width of the terminal in columns; 0: unknown, then 80.
    using Columns = std::function<std::size_t()>;

    /// `output` must outlive the console. `interactive`: standard output is a terminal.
    Console(Output& output, bool interactive, Columns columns);

    [[nodiscard]] bool interactive() const { return interactive_; }
    void line(std::string_view text) { write(Stream::out, text, false); }
    void error_line(std::string_view text) { write(Stream::err, text, false); }
    /// A log line; may get lost when the reader is slow.
    void log_line(std::string_view text) { write(Stream::err, text, true); }
    /// Replaces the progress line; nothing happens when not interactive.
    void progress(std::string_view text);
    /// Takes the progress line away.
    void end_progress();

private:
    void write(Stream stream, std::string_view text, bool droppable);

    Output& output_;
    bool interactive_;
    Columns columns_;
    std::mutex mutex_;
    std::string shown_;
};

}  // namespace doppel::cli
