// SPDX-License-Identifier: Apache-2.0
#include "support/lag_gauge.hpp"

#include "doppel/error.hpp"
#include "sql/session.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace doppel::test {
namespace {

constexpr std::chrono::milliseconds kInterval{20};

std::int64_t microseconds_now() {
    const auto time = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

}  // namespace

LagGauge::LagGauge(ConnectionOptions primary, ConnectionOptions replica, std::string schema)
    : schema_(std::move(schema)) {
    const auto session = sql::connect(primary, {});
    session->execute(
        fmt::format("CREATE TABLE {}.pulse (id INT PRIMARY KEY, at BIGINT NOT NULL)", schema_)
    );
    session->execute(fmt::format("INSERT INTO {}.pulse VALUES (1, {})", schema_, microseconds_now())
    );
    writer_ = std::thread([this, primary] { write(primary); });
    reader_ = std::thread([this, replica] { read(replica); });
}

LagGauge::~LagGauge() {
    stopping_ = true;
    writer_.join();
    reader_.join();
}

void LagGauge::write(const ConnectionOptions& primary) {
    const auto session = sql::connect(primary, {});
    while (!stopping_) {
        session->execute(
            fmt::format("UPDATE {}.pulse SET at = {} WHERE id = 1", schema_, microseconds_now())
        );
        std::this_thread::sleep_for(kInterval);
    }
}

void LagGauge::read(const ConnectionOptions& replica) {
    const auto session = sql::connect(replica, {});
    const std::string query = fmt::format("SELECT at FROM {}.pulse", schema_);
    while (!stopping_) {
        std::optional<std::string> at;
        try {
            at = session->query(query).scalar();
        } catch (const Error&) {  // NOLINT: it has not made the table yet, or is gone
        }
        if (at) {
            const double seconds = static_cast<double>(microseconds_now() - std::stol(*at)) / 1e6;
            newest_ = seconds;
            const std::lock_guard lock(mutex_);
            seconds_.push_back(seconds);
        }
        std::this_thread::sleep_for(kInterval);
    }
}

std::vector<double> LagGauge::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(seconds_, {});
}

double quantile(std::vector<double> values, double share) {
    if (values.empty()) {
        return 0;
    }
    std::sort(values.begin(), values.end());
    const auto index = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
    return values[index];
}

}  // namespace doppel::test
