// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::mysql {

/// A server's UUID as 16 bytes in the order of its text.
struct Uuid {
    std::array<unsigned char, 16> bytes{};

    /// Accepts "3e11fa47-71ca-11e1-9e33-c80aa9429562", the same without dashes, either within
    /// braces.
    static base::Result<Uuid> parse(std::string_view text);
    /// Lower case with dashes.
    [[nodiscard]] std::string str() const;
    auto operator<=>(const Uuid&) const = default;
};

/// The identifier of one transaction (MySQL manual, "GTID Format and Storage").
struct Gtid {
    Uuid uuid;
    std::string tag;           ///< lower case, at most 32 characters; empty for an untagged GTID
    std::uint64_t number = 0;  ///< 1 .. 2^63-2

    /// "uuid:5" or "uuid:tag:5".
    [[nodiscard]] std::string str() const;
    auto operator<=>(const Gtid&) const = default;
};

/// A set of GTIDs as sorted, disjoint, non-adjacent intervals of numbers per (uuid, tag). A plain
/// value; not thread-safe.
class GtidSet final {
public:
    static constexpr std::uint64_t kNumberMax =
        0x7ffffffffffffffeULL;  ///< GNO_END - 1 of the server
    static constexpr std::size_t kTagLengthMax = 32;
    /// Text and binary forms above these sizes are refused.
    static constexpr std::size_t kInputBytesMax = std::size_t{64} << 20;

    /// Text of gtid_executed: "uuid:1-5:7,\nuuid:tag:1-3:tag2:9"; spaces and newlines are ignored
    /// around every part, empty members are allowed, overlapping intervals are merged.
    static base::Result<GtidSet> parse(std::string_view text);
    /// Binary form of COM_BINLOG_DUMP_GTID and PREVIOUS_GTIDS_LOG_EVENT in either format
    /// (sql/rpl_gtid_set.cc: Gtid_set::add_gtid_encoding). All bytes must be used.
    static base::Result<GtidSet> decode(std::string_view bytes);

    /// Canonical text as the server prints it, "," without a newline between UUIDs.
    [[nodiscard]] std::string str() const;
    /// Binary form (Gtid_set::encode): the tagged format only when the set holds a tag, so that
    /// servers before 8.3 understand it otherwise.
    [[nodiscard]] std::string encode() const;

    [[nodiscard]] bool empty() const noexcept { return sources_.empty(); }
    [[nodiscard]] bool has_tags() const;
    /// How many GTIDs are in the set; saturates at 2^64-1.
    [[nodiscard]] std::uint64_t count() const;
    [[nodiscard]] bool contains(const Gtid& gtid) const;
    [[nodiscard]] bool is_subset_of(const GtidSet& other) const;

    /// Adds one GTID. Numbers outside 1..kNumberMax are ignored.
    void add(const Gtid& gtid);
    void add(const Uuid& uuid, std::string_view tag, std::uint64_t number);
    /// Adds first..last, both included.
    void add_interval(
        const Uuid& uuid, std::string_view tag, std::uint64_t first, std::uint64_t last
    );
    void add(const GtidSet& other);       ///< union
    void subtract(const GtidSet& other);  ///< difference

    bool operator==(const GtidSet&) const = default;

private:
    struct Interval {
        std::uint64_t first = 0;
        std::uint64_t last = 0;  ///< included
        bool operator==(const Interval&) const = default;
    };
    struct Source {
        Uuid uuid;
        std::string tag;
        auto operator<=>(const Source&) const = default;
    };
    using Intervals = std::vector<Interval>;

    static void insert(Intervals& intervals, Interval added);
    static Intervals minus(const Intervals& from, const Intervals& removed);

    std::map<Source, Intervals> sources_;  ///< no empty Intervals
};

}  // namespace doppel::mysql
