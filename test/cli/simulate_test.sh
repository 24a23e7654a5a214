#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# With a rule left out, simulate finds a schedule that breaks, and its trace shows how.
# Usage: simulate_test.sh PATH-OF-SIMULATE
set -euo pipefail

simulate=${1:?usage: simulate_test.sh PATH-OF-SIMULATE}

fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}

for rule in fence chunk-rule discard epoch; do
    for keys in exact unordered; do
        code=0
        found=$(timeout 60 "$simulate" --leave-out "$rule" --keys "$keys" --seeds 20k) || code=$?
        ((code == 1)) || fail "exit $code without $rule: $found"
        read -r -a steps <<<"$(sed -n 's/^its steps: simulate //p' <<<"$found")"
        reason=$(sed -n 's/^first failing seed [0-9]*: //p' <<<"$found")
        code=0
        trace=$(timeout 60 "$simulate" "${steps[@]}") || code=$?
        ((code == 1)) || fail "exit $code of simulate ${steps[*]}"
        grep -qF "FAILED: $reason" <<<"$trace" || fail "the trace of ${steps[*]} does not show: $reason"
    done
done
timeout 60 "$simulate" --seeds 1k --from 7 | grep -q 'all ended with equal tables' ||
    fail 'the protocol as it is'
printf 'simulate: all as expected\n'
