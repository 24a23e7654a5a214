// SPDX-License-Identifier: Apache-2.0
// Text and binary forms of GTID sets: what is accepted must round-trip.
#include "mysql/gtid_set.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using doppel::mysql::GtidSet;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (const auto& set : {GtidSet::parse(bytes), GtidSet::decode(bytes)}) {
        if (!set.ok()) {
            continue;
        }
        const auto from_text = GtidSet::parse(set->str());
        const auto from_bytes = GtidSet::decode(set->encode());
        if (!from_text.ok() || *from_text != *set || !from_bytes.ok() || *from_bytes != *set) {
            std::abort();
        }
    }
    return 0;
}
