// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/output.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace doppel::cli {

namespace {

void write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

}  // namespace

ThreadedOutput::ThreadedOutput() {
    // Signals are for the threads of the migration; a thread inherits the mask of its creator.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ThreadedOutput::~ThreadedOutput() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void ThreadedOutput::write(Stream stream, std::string text, bool droppable) {
    {
        const std::lock_guard lock(mutex_);
        if (droppable && pieces_.size() >= kPiecesMax) {
            return;
        }
        pieces_.push_back({stream, std::move(text)});
    }
    changed_.notify_one();
}

void ThreadedOutput::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return ending_ || !pieces_.empty(); });
        if (pieces_.empty()) {
            return;
        }
        const Piece piece = std::move(pieces_.front());
        pieces_.pop_front();
        lock.unlock();
        write_all(piece.stream == Stream::out ? STDOUT_FILENO : STDERR_FILENO, piece.text);
        lock.lock();
    }
}

}  // namespace doppel::cli
