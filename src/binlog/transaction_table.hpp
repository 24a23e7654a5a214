// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "binlog/event_handler.hpp"
#include "binlog/key_extractor.hpp"
#include "binlog/row_image.hpp"
#include "binlog/transaction_reader.hpp"

#include <optional>
#include <string>

namespace doppel::binlog {

/// What TransactionReader remembers of a table id: a definition is decoded once, and the TABLE_MAP
/// that precedes every statement costs a comparison of bytes.
struct TransactionReader::Table {
    std::string definition;  ///< body of the TABLE_MAP
    std::string name;        ///< "schema.table", for messages
    TableInterest interest;
    RowWalker walker;
    std::optional<KeyExtractor> extractor;
};

}  // namespace doppel::binlog
