#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What only the whole binary shows: exit codes, streams, the terminal, the process list.
# Usage: cli_test.sh PATH-OF-DOPPEL. Needs no server; port 1 of this machine must be closed.
set -uo pipefail

doppel=${1:?usage: cli_test.sh PATH-OF-DOPPEL}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The machine's own option files and variables must not matter.
unset MYSQL_PWD MYSQL_HOST MYSQL_TCP_PORT MYSQL_UNIX_PORT MYSQL_GROUP_SUFFIX
export HOME=$work
failures=0

fail() {
    printf 'FAILED: %s\n' "$*"
    sed 's/^/    out: /' "$work/out"
    sed 's/^/    err: /' "$work/err"
    failures=$((failures + 1))
}

# run EXPECTED-EXIT-CODES WORDS...: "1|4" accepts both. Without a controlling terminal.
run() {
    local expected=$1
    shift
    setsid --wait timeout 60 "$doppel" "$@" >"$work/out" 2>"$work/err" </dev/null
    local code=$?
    [[ "|$expected|" == *"|$code|"* ]] || fail "exit $code instead of $expected: doppel $*"
}

# holds out|err PATTERN: an extended regular expression.
holds() { grep -Eq -- "$2" "$work/$1" || fail "no '$2' in $1"; }
lacks() { ! grep -Eq -- "$2" "$work/$1" || fail "'$2' in $1"; }
empty() { [[ ! -s $work/$1 ]] || fail "$1 is not empty"; }

run 0 --help
holds out '^Commands:'
holds out '^  130 '
empty err
run 0 alter --help
holds out '--lock-wait-timeout=DURATION'
holds out 'Default: 5m\.'
holds out '^Exit codes:'
empty err
run 0 --version
holds out '^doppel [0-9]+\.[0-9]+\.[0-9]+$'

# Fault points can be set in programs for tests only.
: >"$work/err"
grep -ao 'DOPPEL_TEST_[A-Z_]*' "$doppel" >"$work/out"
empty out

run 2
holds err '^doppel: the command is missing'
empty out
run 2 revert
holds err "^doppel: unknown command 'revert'; the commands are: alter, verify, status, pause, resume, cutover, abort, set, cleanup"
run 2 alter --no-defaults
holds err '^doppel: the statement is missing'
run 2 alter --no-defaults 'ALTER TABLE a.b FORCE' 'ALTER TABLE a.c FORCE'
holds err '^doppel: 2 statements were given'
run 2 alter --chunk-row=5 'ALTER TABLE a.b FORCE'
holds err '^doppel: unknown option --chunk-row \(did you mean --chunk-rows\?\)'
run 2 alter --no-defaults --chunk-time=5 'ALTER TABLE a.b FORCE'
holds err '^doppel: --chunk-time: .5. has no unit; write 5ms, 5s, 5m or 5h'
run 2 alter --no-defaults --json --port=x 'ALTER TABLE a.b FORCE'
holds out '"event":"error".*"code":"usage","exit_code":2'

run 0 verify --version
holds out '^doppel [0-9]'
run 2 verify --no-defaults a.b
holds err '^doppel: two tables are compared, but 1 were given'
run '1|4' verify --no-defaults -h 127.0.0.1 -P 1 -u nobody a.b a.c
holds err '^doppel: .*127\.0\.0\.1'

run 0 status --help
holds out '^  doppel status \[options\] db\.t'
run 2 status --no-defaults
holds err '^doppel: one table is needed, but 0 were given; write doppel status db\.t'
run '1|4' status --no-defaults -h 127.0.0.1 -P 1 -u nobody --json a.b
holds out '"event":"error".*127\.0\.0\.1'
run 0 cleanup --help
holds out '--yes +Remove the tables without asking'
run 2 cleanup --no-defaults a.b a.c
holds err '^doppel: one table is needed, but 2 were given; write doppel cleanup db\.t'
run '1|4' cleanup --no-defaults -h 127.0.0.1 -P 1 -u nobody --yes a.b
holds err '^doppel: .*127\.0\.0\.1'

run 2 alter --no-defaults -p 'ALTER TABLE a.b FORCE'
holds err '^doppel: --password: .* there is no terminal'

run '1|4' alter --no-defaults -h 127.0.0.1 -P 1 -u nobody -ptopsecret -v 'ALTER TABLE a.b FORCE'
holds err '^doppel: warning: a password on the command line'
holds err '^doppel: .*127\.0\.0\.1'
lacks err topsecret
lacks out topsecret

printf '[client]\nhost=127.0.0.1\nport=1\nuser=nobody\npassword=topsecret\n[doppel]\njson\n' >"$work/.my.cnf"
chmod 600 "$work/.my.cnf"
run '1|4' alter --defaults-file="$work/.my.cnf" 'ALTER TABLE a.b FORCE'
holds out '"event":"error".*127\.0\.0\.1'
lacks err topsecret
lacks out topsecret
chmod 666 "$work/.my.cnf"
run '1|4' alter --defaults-file="$work/.my.cnf" -h 127.0.0.1 -P 1 'ALTER TABLE a.b FORCE'
holds err '^doppel: warning: option file .* is ignored because every user may write it'
lacks out '"event"'

# A reader that goes away changes nothing about the exit code.
"$doppel" alter --no-defaults -h 127.0.0.1 -P 1 -u nobody 'ALTER TABLE a.b FORCE' 2>"$work/err" | true
code=${PIPESTATUS[0]}
[[ $code == 1 || $code == 4 ]] || fail "exit $code with a closed standard output"

# While it waits for the statement, the process list no longer shows the password.
mkfifo "$work/statement"
"$doppel" alter --no-defaults -ptopsecret --port=x - <"$work/statement" >"$work/out" 2>"$work/err" &
pid=$!
exec 3>"$work/statement"
for _ in $(seq 50); do
    shown=$(tr '\0' ' ' <"/proc/$pid/cmdline")
    [[ $shown == *pxxxxxxxxx* ]] && break
    sleep 0.1
done
[[ $shown == *' alter --no-defaults -pxxxxxxxxx --port=x - ' ]] || fail "the process list shows: $shown"
exec 3>&-
wait "$pid"
code=$?
[[ $code == 2 ]] || fail "exit $code for an empty statement"

# On a terminal the password is asked for and not echoed.
if script --version 2>&1 | grep -q util-linux; then
    (sleep 1; printf 'topsecret\n'; sleep 1) | script -qec \
        "'$doppel' alter --no-defaults -h 127.0.0.1 -P 1 -u nobody -p 'ALTER TABLE a.b FORCE'" \
        /dev/null >"$work/out" 2>"$work/err"
    code=$?
    [[ $code == 1 || $code == 4 ]] || fail "exit $code after the password prompt"
    holds out '^Enter password: '
    lacks out topsecret
else
    echo 'skipped: the password prompt (no util-linux script)'
fi

((failures == 0)) && echo 'all passed'
exit $((failures > 0))
