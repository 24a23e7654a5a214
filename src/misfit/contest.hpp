// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "misfit/evidence.hpp"
#include "mysql/key.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace doppel::misfit {

/// Something that a look has seen: two rows that collide, or one that the new schema refuses.
struct Offence {
    std::vector<mysql::Key> keys;  ///< one or two
    /// Nothing for two rows that collide; otherwise tells one refusal of a row from another.
    std::string refusal;
    std::optional<Error> error;  ///< of a refused row
};

/// The keys that the shadow refuses at present, and what is known about them: which are to be
/// looked at, and when it is certain that the data does not fit. Pure: times are given.
class Contest final {
public:
    using Clock = Evidence::Clock;
    struct Limits {
        Evidence::Limits duplicate{
            std::chrono::milliseconds(2'500), 4, std::chrono::seconds(15), 40};
        Evidence::Limits refusal{std::chrono::milliseconds(1'000), 4, std::chrono::seconds(10), 25};
        std::chrono::milliseconds look_pause{200};
        /// A key that is refused each time for so long and so often, though something else stands
        /// in its way each time, gets nowhere.
        std::chrono::milliseconds futile_time{60'000};
        unsigned futile_tries = 20;
        std::size_t keys_at_once = 10;
    };

    Contest() : Contest(Limits()) {}
    explicit Contest(const Limits& limits) : limits_(limits) {}

    /// A reconcile of this key alone was refused.
    void met(const mysql::Key& key, const Error& error, Clock::time_point now);
    /// The key was reconciled.
    void settled(const mysql::Key& key);

    [[nodiscard]] bool contains(const mysql::Key& key) const { return entries_.contains(key); }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

    [[nodiscard]] bool look_due(Clock::time_point now) const;
    /// The keys to look at: those that wait for the longest time.
    struct Suspects {
        std::vector<mysql::Key> duplicates;
        std::vector<mysql::Key> refused;
    };
    [[nodiscard]] Suspects suspects() const;
    /// A look at `suspects` at `now` has seen `offences` and nothing else. `changes` per offence:
    /// how often the feed has brought its keys so far.
    void looked(
        Clock::time_point now,
        const Suspects& suspects,
        const std::vector<Offence>& offences,
        std::span<const std::uint64_t> changes
    );
    /// A look whose outcome is not known.
    void looked_in_vain(Clock::time_point now) { last_look_ = now; }

    /// Offences with enough evidence, provided that `stands`.
    [[nodiscard]] std::vector<Offence> ripe() const;
    /// `changes` as of a moment when the feed had passed the last look.
    [[nodiscard]] bool stands(const Offence& offence, std::uint64_t changes) const;
    /// Offences that were seen by the latest look at them.
    [[nodiscard]] std::vector<Offence> offences() const;

    /// A key that gets nowhere, and what the server said last.
    [[nodiscard]] std::optional<std::pair<mysql::Key, Error>> futile(Clock::time_point now) const;
    /// What the server said last about the key that waits for the longest time.
    [[nodiscard]] std::optional<std::pair<mysql::Key, Error>> oldest() const;

private:
    struct Entry {
        Clock::time_point since;
        unsigned tries = 0;
        Error error;
    };
    struct Known {
        Offence offence;
        Evidence evidence;
    };
    using Identity = std::pair<std::vector<mysql::Key>, std::string>;
    using Aged = std::pair<Clock::time_point, const mysql::Key*>;

    static Identity identity(const Offence& offence);
    [[nodiscard]] std::vector<Aged> by_age() const;

    Limits limits_;
    std::unordered_map<mysql::Key, Entry> entries_;
    std::map<Identity, Known> known_;
    std::optional<Clock::time_point> last_look_;
};

}  // namespace doppel::misfit
