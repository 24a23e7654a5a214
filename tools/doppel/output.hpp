// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace doppel::cli {

enum class Stream { out, err };

/// Where finished text goes. Thread-safe; calls do not wait for the reader.
class Output {
public:
    virtual ~Output() = default;
    /// `text` brings its own line ends. A droppable text may get lost when the reader is slow.
    virtual void write(Stream stream, std::string text, bool droppable) = 0;
};

/// The process's standard output and error, written by a thread of its own: a stopped terminal
/// (Ctrl-S) or a slow pipe must not hold up a migration, least of all while it holds a table lock.
/// The destructor writes what is left. Errors of writing, such as a reader that went away, are
/// ignored: the migration matters more than its report.
class ThreadedOutput final : public Output {
public:
    ThreadedOutput();
    ThreadedOutput(const ThreadedOutput&) = delete;
    ThreadedOutput& operator=(const ThreadedOutput&) = delete;
    ~ThreadedOutput() override;

    void write(Stream stream, std::string text, bool droppable) override;

private:
    struct Piece {
        Stream stream;
        std::string text;
    };
    // Only droppable pieces respect it; the others are few by nature.
    static constexpr std::size_t kPiecesMax = 1'000;

    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Piece> pieces_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace doppel::cli
