// SPDX-License-Identifier: Apache-2.0
#include "sql/primary.hpp"

#include "doppel/error.hpp"
#include "sql/session.hpp"

#include <algorithm>
#include <exception>
#include <future>

#include <fmt/format.h>

namespace doppel::sql {
namespace {

struct Look {
    Candidate candidate;
    std::optional<Error> failure;
};

std::optional<ReplicationSource> source_if_shown(Session& session) {
    constexpr unsigned kDenied = 1227;
    try {
        return replicates_from(session);
    } catch (const Error& error) {
        if (error.server_errno() != kDenied) {
            throw;
        }
        return std::nullopt;  // who may not see that may not migrate either
    }
}

Look look_at(const ConnectionOptions& options, const ServerAddress& member) {
    Look look{{member, std::nullopt, std::nullopt, {}}, std::nullopt};
    ConnectionOptions one = options.at(member);
    one.default_schema.clear();  // which server has it does not matter here
    SessionSettings settings;
    settings.program_name = "doppel find-primary";
    settings.statement_timeout = options.connect_timeout;
    try {
        const auto session = connect(one, settings);
        look.candidate.role = read_role(*session);
        if (look.candidate.role->takes_writes()) {
            look.candidate.source = source_if_shown(*session);
        }
    } catch (const Error& error) {
        look.candidate.problem = error.what();
        look.failure = error;
    }
    return look;
}

std::vector<Look> look_at_all(const ConnectionOptions& options) {
    std::vector<std::future<Look>> looks;
    for (const ServerAddress& member : options.members) {
        looks.push_back(std::async(std::launch::async, [&options, &member] {
            return look_at(options, member);
        }));
    }
    std::vector<Look> all;
    all.reserve(looks.size());
    for (auto& look : looks) {
        all.push_back(look.get());
    }
    return all;
}

std::vector<Candidate> candidates_of(const std::vector<Look>& looks) {
    std::vector<Candidate> candidates;
    candidates.reserve(looks.size());
    for (const Look& look : looks) {
        candidates.push_back(look.candidate);
    }
    return candidates;
}

/// What nobody but the user can mend: none could be asked, and none may come back by itself.
const Error* lasting_failure(const std::vector<Look>& looks) {
    const bool all = std::all_of(looks.begin(), looks.end(), [](const Look& look) {
        return look.failure && look.failure->code() != Errc::interrupted;
    });
    return all && !looks.empty() ? &*looks.front().failure : nullptr;
}

std::string hindrance_of(const Candidate& candidate, const std::vector<Candidate>& all) {
    if (!candidate.role) {
        return candidate.problem;
    }
    const std::string hindrance = candidate.role->hindrance();
    if (!hindrance.empty() || !candidate.source) {
        return hindrance;
    }
    const std::string& source = candidate.source->uuid;
    const bool source_is_read_only =
        !source.empty() && std::any_of(all.begin(), all.end(), [&](const Candidate& other) {
            return other.role && other.role->uuid == source && other.role->read_only;
        });
    return source_is_read_only ? "" : "is a replica of " + candidate.source->address;
}

}  // namespace

PrimaryChoice choose_primary(const std::vector<Candidate>& candidates) {
    PrimaryChoice choice;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const Candidate& candidate = candidates[i];
        const std::string hindrance = hindrance_of(candidate, candidates);
        if (hindrance.empty() && choice.index) {
            const ServerRole& first = *candidates[*choice.index].role;
            if (first.uuid.empty() || first.uuid != candidate.role->uuid) {
                choice.several = true;
                choice.problem = fmt::format(
                    "{} and {} both take writes",
                    candidates[*choice.index].address.str(),
                    candidate.address.str()
                );
                choice.index.reset();
                return choice;
            }
        }
        if (hindrance.empty()) {
            choice.index = choice.index.value_or(i);
            continue;
        }
        choice.problem += choice.problem.empty() ? "" : "; ";
        choice.problem += candidate.role ? candidate.address.str() + " " + hindrance : hindrance;
    }
    return choice;
}

ConnectionOptions find_primary(const ConnectionOptions& options) {
    if (options.members.empty()) {
        return options;
    }
    const auto looks = look_at_all(options);
    const PrimaryChoice choice = choose_primary(candidates_of(looks));
    if (choice.index) {
        return options.at(options.members[*choice.index]);
    }
    if (choice.several) {
        throw Error(
            Errc::refused,
            choice.problem + ": which of them is the primary is not known; name that one only"
        );
    }
    if (const Error* failure = lasting_failure(looks)) {
        throw *failure;
    }
    throw Error(Errc::interrupted, "none of the servers takes writes: " + choice.problem);
}

ConnectionOptions find_primary_or_any(const ConnectionOptions& options) {
    try {
        return find_primary(options);
    } catch (const Error& error) {
        if (error.code() != Errc::interrupted && error.code() != Errc::refused) {
            throw;
        }
        for (const Look& look : look_at_all(options)) {
            if (look.candidate.role) {
                return options.at(look.candidate.address);
            }
        }
        throw;
    }
}

}  // namespace doppel::sql
