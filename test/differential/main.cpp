// SPDX-License-Identifier: Apache-2.0
//
// Random tables, rows, writers and ALTERs: what `doppel alter` makes of a table must be what the
// server makes of its twin.
#include "differential/campaign.hpp"

#include <exception>
#include <functional>
#include <map>
#include <string>

#include <fmt/format.h>

namespace {

using doppel::differential::Campaign;
using doppel::differential::CampaignOptions;

constexpr const char* kUsage =
    "usage: differential [options]\n"
    "Runs the cases of many seeds against a server of its own.\n"
    "  --cases N      how many; default 60\n"
    "  --from SEED    the first seed; default 1\n"
    "  --seed SEED    only this one\n"
    "  --workers N    cases at a time; default 4\n"
    "  --replica      compare on a replica as well\n"
    "  --minimize N   most runs to make a failing case smaller; default 60\n"
    "  --failures N   give up after so many failing cases; default 20\n"
    "  --doppel PATH  another doppel than the one that was built\n"
    "  --verbose      print every case\n"
    "Exit: 0 all agreed, 1 differences were found or too little was exercised, 2 wrong command "
    "line.\n";

bool parse(int count, char** arguments, CampaignOptions& options) {
    using Setter = std::function<void(const std::string&)>;
    const auto number = [](auto& field) {
        return [&field](const std::string& text) {
            field = static_cast<std::decay_t<decltype(field)>>(std::stoull(text));
        };
    };
    const std::map<std::string, Setter> setters{
        {"--cases", number(options.cases)},
        {"--from", number(options.from)},
        {"--workers", number(options.workers)},
        {"--minimize", number(options.minimize_runs)},
        {"--failures", number(options.failures_max)},
        {"--doppel", [&](const std::string& text) { options.server.doppel = text; }},
        {"--seed", [&](const std::string& text) {
             options.from = std::stoull(text);
             options.cases = 1;
         }}};
    for (int i = 1; i < count; ++i) {
        const std::string name = arguments[i];
        const auto setter = setters.find(name);
        if (name == "--verbose") {
            options.verbose = true;
        } else if (name == "--replica") {
            options.server.replica = true;
        } else if (setter != setters.end() && i + 1 < count) {
            setter->second(arguments[++i]);
        } else {
            return false;
        }
    }
    return options.workers > 0;
}

}  // namespace

int main(int count, char** arguments) {
    CampaignOptions options;
    bool understood = false;
    try {
        understood = parse(count, arguments, options);
    } catch (const std::exception&) {  // NOLINT: what is no number is told below
    }
    if (count == 2 && std::string(arguments[1]) == "--help") {
        fmt::print("{}", kUsage);
        return 0;
    }
    if (!understood) {
        fmt::print(stderr, "{}", kUsage);
        return 2;
    }
    try {
        return Campaign(options).run() ? 0 : 1;
    } catch (const std::exception& error) {
        fmt::print(stderr, "differential: {}\n", error.what());
        return 1;
    }
}
