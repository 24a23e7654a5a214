// SPDX-License-Identifier: Apache-2.0
#include "misfit/contest.hpp"

#include "sql/failure_kind.hpp"

#include <algorithm>
#include <set>

namespace doppel::misfit {

using mysql::Key;

void Contest::met(const Key& key, const Error& error, Clock::time_point now) {
    auto& entry = entries_.try_emplace(key, Entry{now, 0, error}).first->second;
    ++entry.tries;
    entry.error = error;
}

void Contest::settled(const Key& key) {
    // What is known about it stays until the next look: two rows that collide may take turns in
    // being the one that is in the shadow.
    entries_.erase(key);
}

bool Contest::look_due(Clock::time_point now) const {
    return !entries_.empty() && (!last_look_ || now - *last_look_ >= limits_.look_pause);
}

std::vector<Contest::Aged> Contest::by_age() const {
    std::vector<Aged> keys;
    keys.reserve(entries_.size());
    for (const auto& [key, entry] : entries_) {
        keys.emplace_back(entry.since, &key);
    }
    std::sort(keys.begin(), keys.end(), [](const Aged& a, const Aged& b) {
        return a.first != b.first ? a.first < b.first : *a.second < *b.second;
    });
    return keys;
}

Contest::Suspects Contest::suspects() const {
    Suspects suspects;
    const auto keys = by_age();
    for (std::size_t i = 0; i < std::min(keys.size(), limits_.keys_at_once); ++i) {
        const Key& key = *keys[i].second;
        const auto kind = sql::classify_write_failure(entries_.at(key).error);
        auto& list = kind == sql::FailureKind::duplicate ? suspects.duplicates : suspects.refused;
        list.push_back(key);
    }
    return suspects;
}

Contest::Identity Contest::identity(const Offence& offence) {
    std::vector<Key> keys = offence.keys;
    std::sort(keys.begin(), keys.end());
    return {std::move(keys), offence.refusal};
}

void Contest::looked(
    Clock::time_point now,
    const Suspects& suspects,
    const std::vector<Offence>& offences,
    std::span<const std::uint64_t> changes
) {
    last_look_ = now;
    std::set<Identity> seen;
    for (std::size_t i = 0; i < offences.size(); ++i) {
        const Identity id = identity(offences[i]);
        const auto& limits = offences[i].error ? limits_.refusal : limits_.duplicate;
        auto& known = known_.try_emplace(id, Known{offences[i], Evidence(limits)}).first->second;
        known.offence = offences[i];
        known.evidence.seen(now, changes[i]);
        seen.insert(id);
    }
    std::set<Key> looked_at(suspects.duplicates.begin(), suspects.duplicates.end());
    looked_at.insert(suspects.refused.begin(), suspects.refused.end());
    std::erase_if(known_, [&](const auto& item) {
        const auto& keys = item.second.offence.keys;
        const auto is_contested = [&](const Key& key) { return entries_.contains(key); };
        const auto was_looked_at = [&](const Key& key) { return looked_at.contains(key); };
        return !seen.contains(item.first) &&
               (std::any_of(keys.begin(), keys.end(), was_looked_at) ||
                std::none_of(keys.begin(), keys.end(), is_contested));
    });
}

std::vector<Offence> Contest::ripe() const {
    std::vector<Offence> found;
    for (const auto& [id, known] : known_) {
        if (known.evidence.ripe()) {
            found.push_back(known.offence);
        }
    }
    return found;
}

bool Contest::stands(const Offence& offence, std::uint64_t changes) const {
    const auto found = known_.find(identity(offence));
    return found != known_.end() && found->second.evidence.stands(changes);
}

std::vector<Offence> Contest::offences() const {
    std::vector<Offence> all;
    for (const auto& [id, known] : known_) {
        all.push_back(known.offence);
    }
    return all;
}

std::optional<std::pair<Key, Error>> Contest::futile(Clock::time_point now) const {
    for (const auto& [key, entry] : entries_) {
        if (entry.tries >= limits_.futile_tries && now - entry.since >= limits_.futile_time) {
            return std::pair(key, entry.error);
        }
    }
    return std::nullopt;
}

std::optional<std::pair<Key, Error>> Contest::oldest() const {
    if (entries_.empty()) {
        return std::nullopt;
    }
    const Key& key = *by_age().front().second;
    return std::pair(key, entries_.at(key).error);
}

}  // namespace doppel::misfit
