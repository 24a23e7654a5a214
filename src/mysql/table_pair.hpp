// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/identifier.hpp"
#include "mysql/key.hpp"
#include "mysql/key_place.hpp"

#include <string>

namespace doppel::mysql {

/// Source and shadow as copy, replay and cut-over see them: enough to write their statements. A
/// value; the same for all sessions of a run.
struct TablePair {
    TableName source;
    TableName shadow;
    TableName state;           ///< the migration's own table
    std::string source_index;  ///< index of the key in the source, for FORCE INDEX
    KeyShape shape;
    KeyPlaces source_key;     ///< key columns in the source
    KeyPlaces shadow_key;     ///< the same in the shadow
    std::string source_list;  ///< "`a`, `b`": what is selected from the source
    std::string shadow_list;  ///< "`x`, `y`": the columns it is inserted into
};

}  // namespace doppel::mysql
