// SPDX-License-Identifier: Apache-2.0
#include "migration/throttle_json.hpp"

#include <string>
#include <utility>

namespace doppel::migration {
namespace {

using control::Json;

Json list_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_array() ? *found : Json::array();
}

}  // namespace

Json to_json(const ThrottleState& state) {
    Json object;
    object["copy_share"] = state.copy_share;
    object["replay_share"] = state.replay_share;
    object["cause"] = state.cause;
    object["reason"] = state.reason;
    object["replicas"] = Json::array();
    for (const ReplicaState& replica : state.replicas) {
        Json item;
        item["address"] = replica.address;
        item["lag_seconds"] = replica.lag_seconds;
        item["counts"] = replica.counts;
        item["problem"] = replica.problem;
        object["replicas"].push_back(std::move(item));
    }
    object["held"] = Json::array();
    for (const HeldTime& held : state.held) {
        Json item;
        item["cause"] = held.cause;
        item["seconds"] = held.seconds;
        object["held"].push_back(std::move(item));
    }
    return object;
}

ThrottleState throttle_from_json(const Json& object) {
    ThrottleState state;
    state.copy_share = object.value("copy_share", 1.0);
    state.replay_share = object.value("replay_share", 1.0);
    state.cause = object.value("cause", "");
    state.reason = object.value("reason", "");
    for (const Json& item : list_of(object, "replicas")) {
        ReplicaState replica;
        replica.address = item.value("address", "");
        replica.lag_seconds = item.value("lag_seconds", 0.0);
        replica.counts = item.value("counts", true);
        replica.problem = item.value("problem", "");
        state.replicas.push_back(std::move(replica));
    }
    for (const Json& item : list_of(object, "held")) {
        state.held.push_back({item.value("cause", ""), item.value("seconds", 0.0)});
    }
    return state;
}

}  // namespace doppel::migration
