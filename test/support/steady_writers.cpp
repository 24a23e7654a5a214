// SPDX-License-Identifier: Apache-2.0
#include "support/steady_writers.hpp"

#include "doppel/error.hpp"

#include <chrono>
#include <memory>

namespace doppel::test {
namespace {

/// After an error.
constexpr std::chrono::milliseconds kPause{20};
constexpr unsigned kLockWaitTimeout = 1205;
constexpr unsigned kDeadlock = 1213;

}  // namespace

SteadyWriters::SteadyWriters(
    ConnectionOptions at,
    const std::string& schema,
    unsigned writers,
    TwinWriters::Next next,
    std::set<unsigned> tolerated,
    std::chrono::milliseconds pause
)
    : at_(std::move(at)), next_(std::move(next)), tolerated_(std::move(tolerated)), pause_(pause) {
    at_.default_schema = schema;
    for (unsigned writer = 0; writer < writers; ++writer) {
        threads_.emplace_back([this, writer] { write(writer); });
    }
}

SteadyWriters::~SteadyWriters() {
    stop();
}

SteadyWriters::Report SteadyWriters::stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
    return {committed_, reconnects_, repeated_, errors_};
}

void SteadyWriters::write(unsigned writer) {
    std::mt19937 random(writer + 1);
    std::unique_ptr<sql::Session> session;
    while (!stopping_) {
        if (!session) {
            try {
                session = sql::connect(at_, {});
                session->execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
            } catch (const Error&) {
                session.reset();  // the server is down
                std::this_thread::sleep_for(kPause);
                continue;
            }
        }
        if (!write_once(*session, writer, random)) {
            session.reset();
            ++reconnects_;
        }
        std::this_thread::sleep_for(pause_);
    }
}

bool SteadyWriters::write_once(sql::Session& session, unsigned writer, std::mt19937& random) {
    try {
        write_twins(session, next_(writer, random));
        ++committed_;
        return true;
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted) {
            return false;
        }
        const unsigned number = error.server_errno();
        if (number == kDeadlock || number == kLockWaitTimeout) {
            ++repeated_;
        } else if (!tolerated_.contains(number)) {
            const std::lock_guard lock(mutex_);
            errors_.emplace_back(error.what());
        }
    }
    try {
        session.execute("ROLLBACK");
    } catch (const Error&) {
        return false;
    }
    std::this_thread::sleep_for(kPause);
    return true;
}

}  // namespace doppel::test
