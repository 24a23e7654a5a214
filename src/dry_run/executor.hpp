// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/dry_run.hpp"
#include "doppel/log.hpp"
#include "dry_run/data_fit.hpp"
#include "dry_run/sampler.hpp"
#include "dry_run/surroundings.hpp"
#include "dry_run/workshop.hpp"
#include "estimate/duration.hpp"
#include "estimate/sizes.hpp"
#include "migration/alter_request.hpp"
#include "native/native.hpp"
#include "plan/checks.hpp"
#include "plan/planner.hpp"
#include "schema/key_choice.hpp"
#include "shadow/shadow.hpp"
#include "sql/activity.hpp"
#include "verify/subject.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace doppel::dry_run {

/// Carries out a plan without its effects: reads the same facts, has them judged by the same
/// checks, and asks the server what a run would ask it, of an empty clone. Blocking; one thread,
/// and a few more for the probe.
class Executor final {
public:
    /// `text`: the statement as the user wrote it.
    Executor(
        std::string text,
        migration::AlterRequest request,
        ConnectionOptions connection,
        const MigrationOptions& migration,
        const DryRunOptions& options,
        const Logger& logger
    );

    /// Throws Error where there is nothing to report on.
    [[nodiscard]] DryRunReport run();

private:
    /// What the new definition turns out to be.
    struct Target {
        shadow::Shadow shadow;
        schema::ColumnMap columns;
        std::optional<schema::KeyChoice> key;
        std::optional<mysql::TablePair>
            tables;                     ///< the scratch table as the shadow; with a key only
        std::vector<std::string> late;  ///< indexes that are built after the copy
        std::string late_drop;
        std::string late_build;
        bool converts = false;
    };

    [[nodiscard]] DryRunReport look();
    void connect();
    void read_plan();
    /// There is a table, and nothing is in the way of asking the server about it.
    [[nodiscard]] bool can_be_looked_at() const;
    void judge();
    /// Of several hosts one must be the primary.
    void judge_hosts();
    /// Whether a run could go on with the earlier one, as Migration::require_same_settings.
    void judge_same_settings();
    void note_check(DryRunCheck check);
    void note_findings(const std::vector<plan::Judged>& all, bool of_copy);
    /// Not in the way any more when an earlier run is cleaned up after.
    [[nodiscard]] bool is_cleared(const std::string& finding) const;
    void add_finding(const std::string& name, const Finding& finding);
    [[nodiscard]] bool refused_now() const;
    /// Empty, or why no scratch table can be made.
    [[nodiscard]] std::string open_workshop();

    void decide();
    [[nodiscard]] std::string why_copied() const;
    /// Without asking the server.
    void decide_by_guess(const std::string& why);
    void decide_on_clone();
    [[nodiscard]] native::Outcome try_on_clone();
    /// CHECK constraints have other names on the clone.
    [[nodiscard]] statement::AlterStatement statement_for_clone();
    /// What the new table is, without the server's help: the present one.
    void assume_unchanged();
    void make_target();
    void make_scratch_shadow();
    void choose_key();
    [[nodiscard]] mysql::TablePair tables_of(const schema::KeyChoice& key) const;
    void choose_late_indexes();
    void build_late(std::vector<std::string> names);
    void judge_comparison();
    void judge_numbers_for_null();
    void describe_target();

    void look_at_rows();
    void look_at_fit(sql::Session& writer);
    void estimate();
    /// What the table is now; returns its rows.
    [[nodiscard]] double tell_of_now();
    /// Of a change that the server makes itself.
    void tell_of_moment();
    [[nodiscard]] std::chrono::milliseconds chunk_time() const;
    /// The run will, and be steered by their lag.
    [[nodiscard]] bool watches_replicas() const;
    [[nodiscard]] estimate::DurationInput at_idle(estimate::DurationInput input) const;
    [[nodiscard]] estimate::SizeInput size_of_run(
        const estimate::DurationInput& input, const estimate::Durations& now
    ) const;
    [[nodiscard]] double count_rows(bool& counted);
    [[nodiscard]] estimate::SizeInput size_input(double rows, double spread) const;
    [[nodiscard]] estimate::DurationInput duration_input(double rows, double spread);
    std::optional<estimate::Probed> probe(double rows);
    void fill(
        const estimate::Sizes& sizes,
        const estimate::Durations& now,
        const estimate::Durations& idle
    );
    void fill_writes();
    void fill_stall();
    void fill_index_sizes(const estimate::Sizes& sizes);
    void tell_basis();
    void check_disk();

    std::string text_;
    migration::AlterRequest request_;
    ConnectionOptions connection_;
    const MigrationOptions& migration_;
    const DryRunOptions& options_;
    Logger logger_;
    std::shared_ptr<sql::Activity> activity_ = std::make_shared<sql::Activity>();
    std::optional<Error> no_primary_;  ///< among the hosts that were named
    std::unique_ptr<sql::Session> session_;
    std::optional<plan::Plan> plan_;
    Surroundings around_;
    DryRunReport report_;
    std::unique_ptr<Workshop> workshop_;
    bool scratch_ = false;  ///< scratch tables may be made
    bool native_ = false;   ///< the server makes the change itself
    std::optional<Target> target_;
    std::optional<verify::Subject> subject_;
    Sample sample_;
    std::optional<Measured> measured_;
    estimate::Speed speed_;
    std::optional<estimate::Probed> probed_;
};

/// What a run would do, one after the other. Pure.
[[nodiscard]] std::vector<DryRunStep> steps_of(
    const DryRunReport& report,
    const plan::Plan& plan,
    const MigrationOptions& options,
    const std::string& index_statement
);

/// In plain words what may make it go better. Pure.
[[nodiscard]] std::vector<std::string> advice_on(
    const DryRunReport& report, const plan::Plan& plan, const Surroundings& around
);

}  // namespace doppel::dry_run
