// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace doppel::cli {

/// The command line, an option file or the environment is wrong (exit 2). `what()` says what is
/// wrong, where, and what to write instead, without "doppel:" before it and without any password.
class UsageError final : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The operator interrupted a password prompt (exit 130).
class PromptInterrupted final : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace doppel::cli
