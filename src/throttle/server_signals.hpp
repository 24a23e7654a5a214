// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/progress.hpp"
#include "doppel/throttle.hpp"
#include "sql/session.hpp"
#include "throttle/measure.hpp"
#include "throttle/signal.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace doppel::throttle {

/// A signal that is read by a statement on the primary. Pure: somebody else runs the statement.
class ServerSignal : public Signal {
public:
    /// Empty: nothing is to be read now.
    [[nodiscard]] virtual std::string statement() const = 0;
    [[nodiscard]] virtual std::chrono::milliseconds interval() const = 0;
    /// `asked`: the statement that `rows` answer; another one may be wanted by now.
    virtual void read(Clock::time_point now, const std::string& asked, const sql::Rows& rows) = 0;
    virtual void failed(const std::string& why) = 0;
};

/// --max-load and --critical-load.
class LoadSignal final : public ServerSignal {
public:
    explicit LoadSignal(const ThrottleOptions& options) : options_(options) {}

    [[nodiscard]] std::string statement() const override;
    [[nodiscard]] std::chrono::milliseconds interval() const override;
    void read(Clock::time_point now, const std::string& asked, const sql::Rows& rows) override;
    void failed(const std::string& why) override;
    void report(Clock::time_point now, std::vector<Pressure>& pressures) const override;

    /// Variables with limits in lower case, and their names as written.
    [[nodiscard]] std::map<std::string, std::string> variables() const;

private:
    const ThrottleOptions& options_;
    mutable std::map<std::string, Measure> measures_;  ///< by variable in lower case
};

/// A refusal when the server has no status variable of a name that has a limit: the copy would
/// stand still for ever.
[[nodiscard]] std::optional<Finding> unknown_load(
    sql::Session& session, const ThrottleOptions& options
);

/// --max-history-length and --critical-history-length.
class HistorySignal final : public ServerSignal {
public:
    explicit HistorySignal(const ThrottleOptions& options)
        : options_(options), length_(Clock::now()) {}

    [[nodiscard]] std::string statement() const override;
    [[nodiscard]] std::chrono::milliseconds interval() const override;
    void read(Clock::time_point now, const std::string& asked, const sql::Rows& rows) override;
    void failed(const std::string& why) override { length_.failed(why); }
    void report(Clock::time_point now, std::vector<Pressure>& pressures) const override;

private:
    const ThrottleOptions& options_;
    mutable Measure length_;
};

/// --throttle-query: closed while the first value of its result is neither 0, NULL nor missing.
class QuerySignal final : public ServerSignal {
public:
    explicit QuerySignal(const ThrottleOptions& options)
        : options_(options), value_(Clock::now()) {}

    [[nodiscard]] std::string statement() const override { return options_.query; }
    [[nodiscard]] std::chrono::milliseconds interval() const override;
    void read(Clock::time_point now, const std::string& asked, const sql::Rows& rows) override;
    void failed(const std::string& why) override { value_.failed(why); }
    void report(Clock::time_point now, std::vector<Pressure>& pressures) const override;

private:
    /// The value of another query is none of this one.
    void renew(Clock::time_point now) const;

    const ThrottleOptions& options_;
    mutable std::string asked_;  ///< the query that `value_` is of
    mutable Measure value_;
};

}  // namespace doppel::throttle
