// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace doppel::load {

/// The text of SHOW CREATE TABLE with everything taken out that follows from the table's name: the
/// name itself and the names that the server makes from it for constraints (`t_chk_1`, `t_ibfk_1`).
/// AUTO_INCREMENT stays, so two texts agree only if the next value does.
[[nodiscard]] std::string normalise_create_table(std::string_view text, std::string_view table);

}  // namespace doppel::load
