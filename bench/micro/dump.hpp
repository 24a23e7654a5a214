// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "binlog/event.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::bench {

/// What a dump thread sends: events with checksums as a server of MySQL 8 writes them, from the
/// beginning of a file on.
class Dump final {
public:
    Dump();

    void begin();
    void add(binlog::EventType type, std::string_view body);
    void commit();
    /// A whole transaction of these events (without BEGIN and XID, which come by themselves) as
    /// binlog_transaction_compression writes it.
    void add_compressed(const std::vector<std::pair<binlog::EventType, std::string>>& events);

    [[nodiscard]] const std::vector<std::string>& events() const noexcept { return events_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    /// The events as packets of the client protocol, numbered from 1.
    [[nodiscard]] std::string packets() const;

private:
    void add_gtid();
    void finish_event(std::string event);

    std::vector<std::string> events_;
    std::uint64_t bytes_ = 0;
    std::uint32_t position_ = 4;
    std::uint64_t gtid_ = 0;
};

}  // namespace doppel::bench
