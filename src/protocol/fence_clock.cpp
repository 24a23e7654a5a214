// SPDX-License-Identifier: Apache-2.0
#include "protocol/fence_clock.hpp"

#include <algorithm>

namespace doppel::protocol {

FenceClock::Ticket FenceClock::issue() {
    under_way_.insert(delivered_);
    return Ticket{delivered_};
}

void FenceClock::acknowledge(Ticket ticket) {
    abandon(ticket);
    fenced_ = std::max(fenced_, ticket.issued_at);
}

void FenceClock::abandon(Ticket ticket) {
    if (const auto found = under_way_.find(ticket.issued_at); found != under_way_.end()) {
        under_way_.erase(found);
    }
}

bool FenceClock::will_cover(Sequence sequence) const {
    return covers(sequence) || (!under_way_.empty() && sequence <= *under_way_.rbegin());
}

}  // namespace doppel::protocol
