// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "binlog/event_handler.hpp"
#include "mysql/table_pair.hpp"
#include "protocol/coordinator.hpp"
#include "schema/table_definition.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace doppel::migration {

/// What the feed of one migration listens to.
struct FeedInterest {
    const mysql::TablePair& tables;
    std::vector<std::size_t> key_ordinals;  ///< of the key columns in the source's row image
    std::vector<std::optional<std::string>> key_defaults;
    const std::vector<schema::Column>& columns;  ///< of the source, in the order of its row image
    std::size_t pending_max = 0;                 ///< reading pauses above this
    /// Whether XA COMMIT becomes visible in the order of the binlog, like all other commits. Before
    /// 8.0.30 the server commits a transaction that another connection prepared when it has left
    /// the group commit (sql/xa.cc: ha_commit_or_rollback_by_xid), so that no fence covers it.
    bool xa_in_order = true;
    /// Of keys that are kept until their XA transactions end; more stops the run.
    std::size_t prepared_bytes_max = std::size_t{256} << 20;
    /// A statement of the run's own that changes the shadow; empty: there is none.
    std::string own_statement = {};
};

/// Brings the feed to the coordinator: keys of the source's changed rows go in, markers are noted,
/// everything else that concerns the source stops the run by an exception.
///
/// XA: row events come at XA PREPARE and become visible at XA COMMIT only, so their keys are
/// delivered once more then. A commit of a transaction whose preparation was not seen is ignored as
/// long as no chunk has begun, since every chunk will see what it changed; later it cannot be
/// judged and stops the run.
class FeedHandler final : public binlog::EventHandler {
public:
    FeedHandler(FeedInterest interest, protocol::Coordinator& coordinator, async::Event& changed);

    binlog::TableInterest on_table_map(const binlog::TableMap& table) override;
    void on_rows(const binlog::RowsView& rows) override;
    void on_marker(std::size_t tag, std::int64_t id, std::uint64_t seq) override;
    void on_query(const binlog::QueryView& query) override;
    void on_xa_start() override;
    void on_xa_prepare(std::string_view xid) override;
    void on_xa_commit(std::string_view xid) override;
    void on_xa_rollback(std::string_view xid) override;
    void on_transaction_end(const binlog::StreamPosition& position) override;
    void on_restart(const binlog::StreamPosition& position) override;
    void on_incident(std::string_view message) override;
    void on_unknown(binlog::EventType type, bool ignorable) override;
    bool is_full() override;

    /// The highest number seen so far in a row of the state table.
    [[nodiscard]] std::uint64_t marker(std::int64_t id) const;
    /// While somebody waits for a marker without whom replay cannot go on, or replay itself,
    /// reading goes on however much is pending.
    void expect_marker(bool waiting) { markers_expected_ += waiting ? 1 : -1; }
    /// While held, nothing is delivered.
    void hold(bool held) { held_ = held; }
    /// XA transactions that are prepared and have not ended: their keys come again at their end.
    /// The place before the first of them; nullptr when there is none. Valid until the next event.
    [[nodiscard]] const binlog::StreamPosition* before_prepared() const;
    /// Of a run that goes on: until it has come behind all that the earlier run had read, it may
    /// meet ends of XA transactions that were prepared before its place. The place was before each
    /// that had not ended when the point was noted, so that run had read these ends, and what they
    /// made visible is reconciled.
    void pass_over_earlier_ends(bool on) { passes_over_earlier_ends_ = on; }
    /// How to learn where the transaction that is read begins.
    void locate_by(std::function<binlog::StreamPosition()> place) { place_ = std::move(place); }
    [[nodiscard]] bool held() const noexcept { return held_; }
    /// From now on the ends of XA transactions are noted, for `accounts_for`.
    void begin_noting_ends();
    void stop_noting_ends();
    /// Of an XA transaction that was prepared when the feed had not come here yet: its preparation
    /// was read and not its end, or its end since `begin_noting_ends`.
    [[nodiscard]] bool accounts_for(const std::string& xid) const;
    [[nodiscard]] std::uint64_t rows_seen() const noexcept { return rows_seen_; }

private:
    void require_same_layout(const binlog::TableMap& table);
    void note_end(std::string_view xid);

    FeedInterest interest_;
    protocol::Coordinator& coordinator_;
    async::Event& changed_;
    std::unordered_map<std::int64_t, std::uint64_t> markers_;
    bool in_xa_ = false;
    binlog::KeyBatch xa_keys_;  ///< of the XA transaction being read
    struct Prepared {
        binlog::KeyBatch keys;
        binlog::StreamPosition before;
        std::uint64_t number = 0;  ///< counts them in the order of the binlog
    };
    std::unordered_map<std::string, Prepared> prepared_;  ///< by XID
    std::uint64_t prepared_so_far_ = 0;
    std::function<binlog::StreamPosition()> place_;
    binlog::StreamPosition xa_begin_;
    std::size_t prepared_bytes_ = 0;
    bool noting_ends_ = false;
    bool passes_over_earlier_ends_ = false;
    std::unordered_set<std::string> ended_;  ///< XIDs
    std::vector<binlog::Column> layout_;     ///< of the row events so far; empty: none yet
    bool held_ = false;
    int markers_expected_ = 0;
    std::uint64_t rows_seen_ = 0;
};

/// For as long as a marker in the feed is waited for by somebody without whom less will not be
/// pending. Others wait without: a verifier that fences all the time would leave `pending_max`
/// without effect.
class MarkerExpectation final {
public:
    explicit MarkerExpectation(FeedHandler& handler) : handler_(handler) {
        handler_.expect_marker(true);
    }
    ~MarkerExpectation() { handler_.expect_marker(false); }
    MarkerExpectation(const MarkerExpectation&) = delete;
    MarkerExpectation& operator=(const MarkerExpectation&) = delete;

private:
    FeedHandler& handler_;
};

}  // namespace doppel::migration
