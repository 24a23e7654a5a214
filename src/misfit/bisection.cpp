// SPDX-License-Identifier: Apache-2.0
#include "misfit/bisection.hpp"

namespace doppel::misfit {

Bisection::Bisection(std::size_t items, std::size_t offenders_max) : offenders_max_(offenders_max) {
    if (items > 0) {
        open_.push_back({0, items});
    }
}

std::optional<Bisection::Piece> Bisection::next() const {
    if (open_.empty() || offenders_.size() >= offenders_max_) {
        return std::nullopt;
    }
    return open_.back();
}

void Bisection::taken() {
    open_.pop_back();
}

void Bisection::refused() {
    const Piece piece = open_.back();
    open_.pop_back();
    if (piece.size() == 1) {
        offenders_.push_back(piece.begin);
        return;
    }
    const std::size_t middle = piece.begin + piece.size() / 2;
    open_.push_back({middle, piece.end});
    open_.push_back({piece.begin, middle});
}

void Bisection::put_aside() {
    aside_.push_back(open_.back());
    open_.pop_back();
}

std::vector<Bisection::Piece> Bisection::rest() const {
    std::vector<Piece> pieces = aside_;
    pieces.insert(pieces.end(), open_.rbegin(), open_.rend());
    return pieces;
}

}  // namespace doppel::misfit
