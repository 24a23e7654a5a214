// SPDX-License-Identifier: Apache-2.0
#include "verify/suspects.hpp"

#include <algorithm>
#include <utility>

namespace doppel::verify {

void Suspects::add(std::span<const mysql::Key> keys) {
    for (const mysql::Key& key : keys) {
        suspected_.try_emplace(key, 0);
    }
}

std::vector<mysql::Key> Suspects::next(std::size_t keys_max, std::size_t bytes_max) const {
    std::vector<std::pair<unsigned, const mysql::Key*>> order;
    order.reserve(suspected_.size());
    for (const auto& [key, looks] : suspected_) {
        order.emplace_back(looks, &key);
    }
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
        return a.first < b.first;
    });
    std::vector<mysql::Key> keys;
    std::size_t bytes = 0;
    for (const auto& [looks, key] : order) {
        bytes += key->bytes.size();
        if (!keys.empty() && (keys.size() >= keys_max || bytes > bytes_max)) {
            break;
        }
        keys.push_back(*key);
    }
    return keys;
}

void Suspects::judge_real(const mysql::Key& key, Verdict& verdict) {
    if (real_.insert(key).second) {
        verdict.repair.push_back(key);
    } else {
        verdict.returned.push_back(key);
    }
}

void Suspects::note_same(const mysql::Key& key) {
    if (real_.count(key) > 0) {
        repaired_.insert(key);
    }
}

Suspects::Verdict Suspects::judge(
    std::span<const mysql::Key> looked, std::span<const Look> different
) {
    unsigned looks_of_unknown = 0;
    std::map<mysql::Key, unsigned> before;
    for (const mysql::Key& key : looked) {
        const auto found = suspected_.find(key);
        if (found != suspected_.end()) {
            looks_of_unknown = std::max(looks_of_unknown, found->second);
            before.insert(suspected_.extract(found));
        }
    }
    Verdict verdict;
    for (const Look& look : different) {
        const auto known = before.extract(look.key);
        const unsigned looks = 1 + (known.empty() ? looks_of_unknown : known.mapped());
        if (!look.touched) {
            judge_real(look.key, verdict);
            suspected_[look.key] = 0;
        } else if (looks >= kLooksMax) {
            undecided_.insert(look.key);
        } else {
            suspected_[look.key] = looks;
        }
    }
    for (const auto& [key, looks] : before) {
        note_same(key);
    }
    return verdict;
}

Suspects::Verdict Suspects::judge_locked(std::span<const mysql::Key> different) {
    Verdict verdict;
    std::set<mysql::Key> before = std::move(undecided_);
    undecided_.clear();
    for (const mysql::Key& key : different) {
        judge_real(key, verdict);
        undecided_.insert(key);
        before.erase(key);
    }
    for (const mysql::Key& key : before) {
        note_same(key);
    }
    return verdict;
}

unsigned Suspects::looks() const {
    unsigned most = 0;
    for (const auto& [key, looks] : suspected_) {
        most = std::max(most, looks);
    }
    return most;
}

}  // namespace doppel::verify
