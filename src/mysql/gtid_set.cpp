// SPDX-License-Identifier: Apache-2.0
#include "mysql/gtid_set.hpp"

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/hex.hpp"
#include "base/text.hpp"
#include "mysql/serialization.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

namespace doppel::mysql {
namespace {

/// libs/mysql/gtid/tag.h: a letter or underscore, then letters, digits and underscores.
bool is_tag(std::string_view text) {
    if (text.empty() || text.size() > GtidSet::kTagLengthMax) {
        return false;
    }
    const auto letter = [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); };
    return letter(text.front()) && std::all_of(text.begin(), text.end(), [&](char c) {
               return letter(c) || (c >= '0' && c <= '9');
           });
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    text = base::trim(text);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number == 0 ||
        number > GtidSet::kNumberMax) {
        return std::nullopt;
    }
    return number;
}

/// Cuts the part before the next `separator` off the front of `text`.
std::string_view cut(std::string_view& text, char separator) {
    const auto end = text.find(separator);
    const auto part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return part;
}

struct ParsedInterval {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

std::optional<ParsedInterval> parse_interval(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = parse_number(text.substr(0, dash));
    if (!first) {
        return std::nullopt;
    }
    if (dash == std::string_view::npos) {
        return ParsedInterval{*first, *first};
    }
    const auto last = parse_number(text.substr(dash + 1));
    if (!last || *last < *first) {
        return std::nullopt;
    }
    return ParsedInterval{*first, *last};
}

/// One member: "uuid:interval.." with tags between. Returns why it is wrong, or nothing.
std::optional<std::string> parse_member(std::string_view member, GtidSet& set) {
    const auto uuid_text = base::trim(cut(member, ':'));
    const auto uuid = Uuid::parse(uuid_text);
    if (!uuid) {
        return uuid.failure().message;
    }
    std::string tag;
    bool any = false;
    while (!member.empty()) {
        const auto part = base::trim(cut(member, ':'));
        if (part.empty()) {
            return "an empty interval";
        }
        if (part.front() >= '0' && part.front() <= '9') {
            const auto interval = parse_interval(part);
            if (!interval) {
                return "a malformed interval";
            }
            set.add_interval(*uuid, tag, interval->first, interval->last);
            any = true;
            continue;
        }
        tag = base::to_lower_ascii(part);
        if (!is_tag(tag)) {
            return "a malformed tag";
        }
        any = false;
    }
    return any ? std::nullopt : std::optional<std::string>("no interval behind a UUID or tag");
}

}  // namespace

base::Result<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() == 38 && text.front() == '{' && text.back() == '}') {
        text = text.substr(1, 36);
    }
    std::string digits;
    if (text.size() == 36) {
        for (std::size_t i = 0; i < text.size(); ++i) {
            const bool dash_expected = i == 8 || i == 13 || i == 18 || i == 23;
            if (dash_expected != (text[i] == '-')) {
                return base::Failure{"a UUID has a dash in the wrong place", i};
            }
            if (!dash_expected) {
                digits += text[i];
            }
        }
    } else if (text.size() == 32) {
        digits = text;
    } else {
        return base::Failure{"a UUID has 32 hexadecimal digits"};
    }
    const auto bytes = base::from_hex(digits);
    if (!bytes) {
        return base::Failure{"a UUID has a character that is no hexadecimal digit"};
    }
    Uuid uuid;
    std::copy(bytes->begin(), bytes->end(), uuid.bytes.begin());
    return uuid;
}

std::string Uuid::str() const {
    const std::string raw(bytes.begin(), bytes.end());
    std::string text = base::to_lower_ascii(base::to_hex(raw));
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) {
        text.insert(dash, 1, '-');
    }
    return text;
}

std::string Gtid::str() const {
    return uuid.str() + (tag.empty() ? "" : ":" + tag) + ":" + std::to_string(number);
}

base::Result<GtidSet> GtidSet::parse(std::string_view text) {
    if (text.size() > kInputBytesMax) {
        return base::Failure{"a GTID set of this size is not accepted"};
    }
    GtidSet set;
    const std::string_view whole = text;
    while (!text.empty()) {
        const auto offset = static_cast<std::size_t>(text.data() - whole.data());
        const auto member = base::trim(cut(text, ','));
        if (member.empty()) {
            continue;
        }
        if (const auto reason = parse_member(member, set)) {
            return base::Failure{"malformed GTID set: " + *reason, offset};
        }
    }
    return set;
}

// Layout: count of sources (8 bytes), per source UUID (16), in the tagged format the tag with a
// variable-length length, count of intervals (8), per interval first and last + 1 (8 each). In the
// tagged format the count has 0x01 in its lowest and its highest byte.
base::Result<GtidSet> GtidSet::decode(std::string_view bytes) {
    base::ByteReader reader(bytes);
    const auto failure = [&](const char* what) {
        return base::Failure{std::string("malformed binary GTID set: ") + what, reader.position()};
    };
    if (bytes.size() > kInputBytesMax) {
        return failure("too large");
    }
    const std::uint64_t header = reader.u64();
    const auto format = header >> 56;
    if (format > 1 || (format == 1 && (header & 0xff) != 1)) {
        return failure("unknown format");
    }
    const bool tagged = format == 1;
    const std::uint64_t sources = tagged ? (header >> 8) & 0xffffffffffffULL : header;

    GtidSet set;
    for (std::uint64_t i = 0; i < sources && reader.ok(); ++i) {
        const auto raw_uuid = reader.bytes(16);
        const std::uint64_t tag_length = tagged ? read_varlen_unsigned(reader) : 0;
        if (tag_length > kTagLengthMax) {
            return failure("a tag is too long");
        }
        const auto tag = reader.bytes(static_cast<std::size_t>(tag_length));
        const std::uint64_t intervals = reader.u64();
        if (!reader.ok() || intervals > reader.remaining() / 16) {
            return failure("ends early");
        }
        if (!tag.empty() && !is_tag(tag)) {
            return failure("a tag has other characters");
        }
        Uuid uuid;
        std::copy(raw_uuid.begin(), raw_uuid.end(), uuid.bytes.begin());
        std::uint64_t previous_end = 0;
        for (std::uint64_t k = 0; k < intervals; ++k) {
            const std::uint64_t first = reader.u64();
            const std::uint64_t end = reader.u64();
            if (first <= previous_end || end <= first || end > kNumberMax + 1) {
                return failure("intervals are not in order");
            }
            set.add_interval(uuid, tag, first, end - 1);
            previous_end = end;
        }
    }
    if (!reader.ok()) {
        return failure("ends early");
    }
    if (!reader.at_end()) {
        return failure("has bytes behind its end");
    }
    return set;
}

std::string GtidSet::str() const {
    std::string text;
    const Uuid* previous = nullptr;
    for (const auto& [source, intervals] : sources_) {
        if (previous == nullptr || *previous != source.uuid) {
            text += (previous == nullptr ? "" : ",") + source.uuid.str();
            previous = &source.uuid;
        }
        if (!source.tag.empty()) {
            text += ":" + source.tag;
        }
        for (const auto& interval : intervals) {
            text += ":" + std::to_string(interval.first);
            if (interval.last != interval.first) {
                text += "-" + std::to_string(interval.last);
            }
        }
    }
    return text;
}

std::string GtidSet::encode() const {
    const bool tagged = has_tags();
    const std::uint64_t sources = sources_.size();
    base::ByteWriter writer;
    writer.u64(tagged ? (std::uint64_t{1} << 56) | (sources << 8) | 1 : sources);
    for (const auto& [source, intervals] : sources_) {
        writer.bytes(std::string(source.uuid.bytes.begin(), source.uuid.bytes.end()));
        if (tagged) {
            // At most 32, so the variable-length form is the one byte 2 * length.
            writer.u8(static_cast<std::uint8_t>(source.tag.size() << 1)).bytes(source.tag);
        }
        writer.u64(intervals.size());
        for (const auto& interval : intervals) {
            writer.u64(interval.first).u64(interval.last + 1);
        }
    }
    return std::move(writer).str();
}

bool GtidSet::has_tags() const {
    return std::any_of(sources_.begin(), sources_.end(), [](const auto& entry) {
        return !entry.first.tag.empty();
    });
}

std::uint64_t GtidSet::count() const {
    std::uint64_t total = 0;
    for (const auto& entry : sources_) {
        for (const auto& interval : entry.second) {
            const std::uint64_t more = interval.last - interval.first + 1;
            if (total > std::numeric_limits<std::uint64_t>::max() - more) {
                return std::numeric_limits<std::uint64_t>::max();
            }
            total += more;
        }
    }
    return total;
}

bool GtidSet::contains(const Gtid& gtid) const {
    const auto entry = sources_.find(Source{gtid.uuid, gtid.tag});
    if (entry == sources_.end()) {
        return false;
    }
    return std::any_of(entry->second.begin(), entry->second.end(), [&](const Interval& interval) {
        return interval.first <= gtid.number && gtid.number <= interval.last;
    });
}

bool GtidSet::is_subset_of(const GtidSet& other) const {
    GtidSet rest = *this;
    rest.subtract(other);
    return rest.empty();
}

void GtidSet::add(const Gtid& gtid) {
    add(gtid.uuid, gtid.tag, gtid.number);
}

void GtidSet::add(const Uuid& uuid, std::string_view tag, std::uint64_t number) {
    add_interval(uuid, tag, number, number);
}

void GtidSet::add_interval(
    const Uuid& uuid, std::string_view tag, std::uint64_t first, std::uint64_t last
) {
    if (first == 0 || last < first || last > kNumberMax) {
        return;
    }
    insert(sources_[Source{uuid, std::string(tag)}], Interval{first, last});
}

void GtidSet::insert(Intervals& intervals, Interval added) {
    // Transactions mostly come in order: the new number extends the last interval.
    if (intervals.empty() || intervals.back().last < added.first) {
        if (!intervals.empty() && intervals.back().last + 1 == added.first) {
            intervals.back().last = added.last;
        } else {
            intervals.push_back(added);
        }
        return;
    }
    const auto begin = std::lower_bound(
        intervals.begin(),
        intervals.end(),
        added.first,
        [](const Interval& interval, std::uint64_t first) { return interval.last + 1 < first; }
    );
    auto end = begin;
    while (end != intervals.end() && end->first <= added.last + 1) {
        added.first = std::min(added.first, end->first);
        added.last = std::max(added.last, end->last);
        ++end;
    }
    intervals.insert(intervals.erase(begin, end), added);
}

void GtidSet::add(const GtidSet& other) {
    if (&other == this) {
        return;
    }
    for (const auto& [source, added] : other.sources_) {
        auto& intervals = sources_[source];
        for (const auto& interval : added) {
            insert(intervals, interval);
        }
    }
}

GtidSet::Intervals GtidSet::minus(const Intervals& from, const Intervals& removed) {
    Intervals result;
    auto cutter = removed.begin();
    for (Interval rest : from) {
        while (cutter != removed.end() && cutter->last < rest.first) {
            ++cutter;
        }
        bool left = true;
        for (auto it = cutter; left && it != removed.end() && it->first <= rest.last; ++it) {
            if (it->first > rest.first) {
                result.push_back({rest.first, it->first - 1});
            }
            left = it->last < rest.last;
            rest.first = it->last + 1;
        }
        if (left) {
            result.push_back(rest);
        }
    }
    return result;
}

void GtidSet::subtract(const GtidSet& other) {
    if (&other == this) {
        sources_.clear();
        return;
    }
    for (const auto& [source, removed] : other.sources_) {
        const auto entry = sources_.find(source);
        if (entry == sources_.end()) {
            continue;
        }
        entry->second = minus(entry->second, removed);
        if (entry->second.empty()) {
            sources_.erase(entry);
        }
    }
}

}  // namespace doppel::mysql
