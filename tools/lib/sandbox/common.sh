# shellcheck shell=bash
#
# What every part of tools/sandbox needs: messages on standard error (say, die, die_usage), locks between
# scripts that run at the same time (take_lock, release_lock, make_once), reading a small file (read_line)
# and finding one (first_existing).

# An `up` that downloads a server holds its lock for minutes.
LOCK_TIMEOUT=1200

say() { printf 'sandbox: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

die_usage() {
    say "$*"
    say "try: tools/sandbox help"
    exit 2
}

# take_lock FILE [SECONDS]: holds the lock until release_lock or the end of this script. Children that
# outlive the script must not inherit it, see detach.
take_lock() {
    local file=$1 seconds=${2:-$LOCK_TIMEOUT} fd
    mkdir -p "$(dirname "$file")"
    exec {fd}>"$file"
    flock -w "$seconds" "$fd" || die "timed out: another tools/sandbox holds $file"
    LOCK_FD=$fd
}

# Gives up the lock taken last.
release_lock() { exec {LOCK_FD}>&-; }

# make_once FOLDER COMMAND..: runs COMMAND, which makes FOLDER in the cache, unless FOLDER is there. Of two
# scripts that want it one waits for the other.
make_once() {
    local folder=$1
    shift
    [[ ! -d "$folder" ]] || return 0
    take_lock "$CACHE/.lock"
    [[ -d "$folder" ]] || "$@"
    release_lock
}

# Prints the first line of a file; nothing if it is not there.
read_line() {
    local line=
    if [[ -r "$1" ]]; then IFS= read -r line <"$1" || true; fi
    printf '%s' "$line"
}

# Prints the only or first match of a pattern that exists.
first_existing() {
    local path
    for path in "$@"; do
        [[ -e "$path" ]] && printf '%s' "$path" && return 0
    done
    return 1
}
