// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "differential/coverage.hpp"
#include "differential/runner.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>

namespace doppel::differential {

struct CampaignOptions {
    std::uint64_t from = 1;
    std::uint64_t cases = 60;
    unsigned workers = 4;
    unsigned minimize_runs = 60;
    unsigned failures_max = 20;  ///< then it is enough
    bool verbose = false;
    Server::Options server;
};

/// Many cases on one server, several at a time, with what they were in the end.
class Campaign final {
public:
    explicit Campaign(const CampaignOptions& options);

    /// True when nothing failed and the cases were worth something.
    [[nodiscard]] bool run();

private:
    void run_all(const std::deque<std::uint64_t>& seeds);
    void work(unsigned number);
    [[nodiscard]] bool next(std::uint64_t& seed);
    void run_case(Runner& runner, std::uint64_t seed);
    void count(const Outcome& outcome);
    void report(Runner& runner, const Program& program, const Outcome& outcome);
    void print_totals();
    [[nodiscard]] bool worth();

    CampaignOptions options_;
    Server server_;
    std::mutex mutex_;
    std::deque<std::uint64_t> seeds_;
    std::map<Verdict, unsigned> verdicts_;
    std::map<std::string, unsigned> reasons_;
    unsigned transactions_ = 0;
    std::uint64_t done_ = 0;
    std::string broken_;
    Coverage coverage_;
};

}  // namespace doppel::differential
