// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace doppel::cli {

/// The arguments after the program's name. Passwords among them (`-pX`, `--password=X` and what
/// looks like it; the user and password of a URL) are overwritten in `argv` itself, so that other
/// users stop seeing them in the process list. Call it first in main(); the argument strings must
/// be writable, as the C++ standard promises for main().
[[nodiscard]] std::vector<std::string> take_arguments(int argc, char** argv);

}  // namespace doppel::cli
