// SPDX-License-Identifier: Apache-2.0
#include "differential/minimize.hpp"

namespace doppel::differential {
namespace {

class Minimizer final {
public:
    Minimizer(Runner& runner, Program program, const Outcome& outcome, unsigned runs)
        : runner_(runner), best_(std::move(program)), kind_(outcome.kind), runs_(runs) {}

    Program run() {
        Program quiet = best_;
        quiet.writes = false;
        keep_if_failing(quiet);
        shorten(&Program::clauses);
        shorten(&Program::rows);
        shorten(&Program::elements);
        drop_columns();
        Program plain = best_;
        plain.options.clear();
        keep_if_failing(plain);
        plain = best_;
        plain.partitioning.clear();
        keep_if_failing(plain);
        return best_;
    }

private:
    bool keep_if_failing(const Program& program) {
        if (runs_ == 0) {
            return false;
        }
        --runs_;
        const Outcome outcome = runner_.run(program);
        if (outcome.verdict != Verdict::failed || outcome.kind != kind_) {
            return false;
        }
        best_ = program;
        return true;
    }

    template <class T>
    void shorten(std::vector<T> Program::*list) {
        for (std::size_t part = (best_.*list).size(); part > 0; part /= 2) {
            for (std::size_t at = 0; at < (best_.*list).size();) {
                Program smaller = best_;
                auto& items = smaller.*list;
                const std::size_t end = std::min(at + part, items.size());
                items.erase(
                    items.begin() + static_cast<std::ptrdiff_t>(at),
                    items.begin() + static_cast<std::ptrdiff_t>(end)
                );
                if (smaller.clauses.empty() || !keep_if_failing(smaller)) {
                    at += part;
                }
            }
        }
    }

    void drop_columns() {
        for (std::size_t i = best_.columns.size(); i-- > 0;) {
            Program smaller = best_;
            const auto offset = static_cast<std::ptrdiff_t>(i);
            smaller.columns.erase(smaller.columns.begin() + offset);
            for (auto& row : smaller.rows) {
                row.erase(row.begin() + offset);
            }
            keep_if_failing(smaller);
        }
    }

    Runner& runner_;
    Program best_;
    std::string kind_;
    unsigned runs_;
};

}  // namespace

Program minimize(Runner& runner, Program program, const Outcome& outcome, unsigned runs) {
    return Minimizer(runner, std::move(program), outcome, runs).run();
}

}  // namespace doppel::differential
