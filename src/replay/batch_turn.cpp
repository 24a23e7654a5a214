// SPDX-License-Identifier: Apache-2.0
#include "replay/batch_turn.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace doppel::replay {
namespace {

using misfit::Bisection;
using mysql::Key;

std::vector<Key> keys_where(
    const std::vector<Key>& keys, const std::function<bool(const Key&)>& is_involved, bool wanted
) {
    std::vector<Key> found;
    std::copy_if(keys.begin(), keys.end(), std::back_inserter(found), [&](const Key& key) {
        return is_involved(key) == wanted;
    });
    return found;
}

void append(std::vector<Key>& out, const std::vector<Key>& keys, Bisection::Piece piece) {
    const auto begin = keys.begin();
    out.insert(
        out.end(),
        begin + static_cast<std::ptrdiff_t>(piece.begin),
        begin + static_cast<std::ptrdiff_t>(piece.end)
    );
}

}  // namespace

BatchTurn::BatchTurn(
    const std::vector<Key>& keys,
    const std::function<bool(const Key&)>& is_involved,
    std::size_t refused_max
)
    : parts_{
          Part{keys_where(keys, is_involved, false), Bisection(0, 0)},
          Part{keys_where(keys, is_involved, true), Bisection(0, 0)}} {
    for (Part& each : parts_) {
        each.cut = Bisection(each.keys.size(), refused_max);
    }
    whole_ = parts_[1].keys.empty();
}

const BatchTurn::Part* BatchTurn::part() const {
    const auto found = std::find_if(parts_.begin(), parts_.end(), [](const Part& each) {
        return each.cut.next().has_value();
    });
    return ended_ || found == parts_.end() ? nullptr : &*found;
}

BatchTurn::Part* BatchTurn::part() {
    return const_cast<Part*>(std::as_const(*this).part());  // NOLINT: same function, own object
}

std::optional<BatchTurn::Step> BatchTurn::next() const {
    const Part* current = part();
    if (current == nullptr) {
        return std::nullopt;
    }
    Step step;
    append(step.keys, current->keys, *current->cut.next());
    step.inserts = !deleting_;
    return step;
}

void BatchTurn::committed() {
    if (whole_) {
        ended_ = true;
        end_ = End::all;
    } else if (deleting_) {
        deleting_ = false;
        part()->cut.refused();
    } else {
        part()->cut.taken();
    }
}

bool BatchTurn::refused() {
    if (std::exchange(whole_, false)) {
        return false;  // it is tried again, as the first of the parts
    }
    Part& current = *part();
    const bool alone = current.cut.next()->size() == 1;
    if (std::exchange(current.deleted, true)) {
        current.cut.refused();
    } else {
        deleting_ = true;
    }
    return alone;
}

void BatchTurn::failed() {
    if (whole_) {
        ended_ = true;
        end_ = End::none;
    } else if (deleting_) {
        deleting_ = false;
        part()->cut.refused();  // the next turn deletes them
    } else {
        part()->cut.put_aside();
    }
}

std::vector<Key> BatchTurn::failed_keys() const {
    std::vector<Key> failed;
    for (const Part& each : parts_) {
        for (const std::size_t i : each.cut.offenders()) {
            failed.push_back(each.keys[i]);
        }
        for (const auto piece : each.cut.rest()) {
            append(failed, each.keys, piece);
        }
    }
    return failed;
}

}  // namespace doppel::replay
