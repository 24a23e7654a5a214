// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "differential/program.hpp"
#include "sql/session.hpp"

#include <atomic>
#include <string>
#include <thread>

namespace doppel::differential {

/// The server's error number, 0 when it worked. Throws when the connection is lost.
[[nodiscard]] unsigned try_execute(
    sql::Session& session, const std::string& statement, std::string* text = nullptr
);

/// An application that writes the same to both tables until stopped, until the tables are swapped,
/// or until it has written enough.
class Writer final {
public:
    /// `schema`.t and `schema`_twin.t; `session` is the writer's alone until stop() has returned.
    Writer(sql::Session& session, const Program& program, std::string schema);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// How many transactions were committed.
    unsigned stop();
    /// Why it ended before it should have; mostly empty.
    [[nodiscard]] const std::string& problem() const { return problem_; }
    /// Those of the program and of what was written.
    [[nodiscard]] const std::set<std::string>& features() const { return program_.features; }

private:
    void set_up_session();
    void write();
    bool write_once(Random& random);
    void begin(const std::string& xid);
    void end(const std::string& xid, bool commit);
    bool write_both(const std::string& statement);
    /// The last AUTO_INCREMENT value that the server chose; empty where it chooses none.
    std::string last_number();

    sql::Session& session_;
    Program program_;
    std::string ours_;
    std::string twin_;
    std::string old_;
    std::vector<std::vector<std::string>> rows_;
    bool counts_ = false;
    std::atomic<bool> stopping_ = false;
    unsigned committed_ = 0;
    unsigned begun_ = 0;
    std::string problem_;
    std::thread thread_;
};

}  // namespace doppel::differential
