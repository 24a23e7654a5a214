// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace doppel::simulation {

/// A rule that a simulation leaves out, to show that a schedule exists which needs it.
enum class LeftOut {
    nothing,
    fence,          ///< fences are acknowledged without waiting for visibility
    chunk_rule,     ///< a chunk is read as soon as it is open
    discard,        ///< keys of open chunks are discarded like those beyond the frontier
    epoch,          ///< keys do not wait for the chunks that were open at their delivery
    confinement,    ///< batches of keys that only the server compares reach beyond the closed part
    first_fence,    ///< what was in the binlog before the feed's start is taken for visible
    second_xa,      ///< keys are not delivered again at XA COMMIT
    clearing,       ///< a chunk whose statement was lost is tried again without emptying its range
    cutover_fence,  ///< the cut-over does not wait until the feed has passed its fence
    unknown_fence,  ///< a fence whose answer was lost counts all the same
    failed_batch,   ///< a batch counts as a fence though none of its keys may have been committed
    before_image,   ///< of an UPDATE of the key only the new key is delivered
    boundary,       ///< a feed that reconnects goes on behind a transaction that it read in part
    durability,     ///< the feed is sent what is not synced, so that a crash can undo it
    left_out_row,   ///< rows that a chunk leaves out are not requested
    request_in_time,  ///< they are requested at some time after the chunk has closed
    unknown_xa,       ///< the copy does not wait for XA transactions that the feed knows nothing of
    conviction_fence,  ///< rows are held to be duplicates without fences before and behind the
                       ///< looks
    safe_point,        ///< a point is written before what was delivered until then is reconciled
    point_moment,      ///< its place is that of the moment when it becomes safe
    point_boundary,    ///< its place is behind a transaction that is delivered in part
    point_xa,          ///< its place is behind XA transactions that have not ended
    low_water,         ///< chunks that are open, or behind open ones, count as copied in it
    resume_clearing,   ///< a run that goes on leaves what the shadow has beyond the point
    old_sessions,      ///< it does not end the sessions of the dead process
    verify_anew,       ///< it does not compare again what the dead process had compared
};

struct RuleName {
    LeftOut rule;
    std::string_view name;
};

inline constexpr std::array kRuleNames{
    RuleName{LeftOut::fence, "fence"},
    RuleName{LeftOut::chunk_rule, "chunk-rule"},
    RuleName{LeftOut::discard, "discard"},
    RuleName{LeftOut::epoch, "epoch"},
    RuleName{LeftOut::confinement, "confinement"},
    RuleName{LeftOut::first_fence, "first-fence"},
    RuleName{LeftOut::second_xa, "second-xa"},
    RuleName{LeftOut::clearing, "clearing"},
    RuleName{LeftOut::cutover_fence, "cutover-fence"},
    RuleName{LeftOut::unknown_fence, "unknown-fence"},
    RuleName{LeftOut::failed_batch, "failed-batch"},
    RuleName{LeftOut::before_image, "before-image"},
    RuleName{LeftOut::boundary, "boundary"},
    RuleName{LeftOut::durability, "durability"},
    RuleName{LeftOut::left_out_row, "left-out-row"},
    RuleName{LeftOut::request_in_time, "request-in-time"},
    RuleName{LeftOut::unknown_xa, "unknown-xa"},
    RuleName{LeftOut::conviction_fence, "conviction-fence"},
    RuleName{LeftOut::safe_point, "safe-point"},
    RuleName{LeftOut::point_moment, "point-moment"},
    RuleName{LeftOut::point_boundary, "point-boundary"},
    RuleName{LeftOut::point_xa, "point-xa"},
    RuleName{LeftOut::low_water, "low-water"},
    RuleName{LeftOut::resume_clearing, "resume-clearing"},
    RuleName{LeftOut::old_sessions, "old-sessions"},
    RuleName{LeftOut::verify_anew, "verify-anew"},
};

[[nodiscard]] std::optional<LeftOut> find_rule(std::string_view name);

/// Of a run that goes on where a dead one ended.
constexpr bool is_about_resuming(LeftOut rule) {
    return rule >= LeftOut::safe_point;
}

struct Rules {
    bool exactly_comparable = true;
    LeftOut left_out = LeftOut::nothing;
};

}  // namespace doppel::simulation
