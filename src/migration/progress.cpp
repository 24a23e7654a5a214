// SPDX-License-Identifier: Apache-2.0
#include "doppel/progress.hpp"

namespace doppel {

const char* to_string(Phase phase) {
    switch (phase) {
        case Phase::connecting:
            return "connecting";
        case Phase::checking:
            return "checking";
        case Phase::native:
            return "native";
        case Phase::preparing:
            return "preparing";
        case Phase::copying:
            return "copying";
        case Phase::indexing:
            return "indexing";
        case Phase::draining:
            return "draining";
        case Phase::verifying:
            return "verifying";
        case Phase::cutting_over:
            return "cutting_over";
        case Phase::cleaning:
            return "cleaning";
        case Phase::done:
            return "done";
    }
    return "unknown";
}

const char* to_string(Differences::Action action) {
    switch (action) {
        case Differences::Action::none:
            return "none";
        case Differences::Action::repairing:
            return "repairing";
        case Differences::Action::stopping:
            return "stopping";
    }
    return "unknown";
}

}  // namespace doppel
