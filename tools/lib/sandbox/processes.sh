# shellcheck shell=bash
#
# Processes of any kind, as /proc shows them: starting one that outlives this script (detach), its command
# line (process_arguments), its identity (process_start), and whether it is gone (process_gone, wait_gone).

# detach PID_FILE COMMAND..: runs COMMAND in its own session, so that no Ctrl-C reaches it, with the caller's
# redirections. $! is its process id as well.
detach() {
    local pid_file=$1
    shift
    # Without the <&0 the input would be /dev/null.
    (
        close_inherited_files
        cd /
        # Written before the command runs, so there is no moment in which it could be lost.
        printf '%s\n' "$BASHPID" >"$pid_file"
        exec setsid "$@"
    ) <&0 &
}

# Gives up our locks and whatever the caller left open, so that a caller reading a pipe to its end does not
# wait for a server.
close_inherited_files() {
    local file fd
    for file in "/proc/$BASHPID/fd"/*; do
        fd=${file##*/}
        # 255 is bash's own and is closed by exec.
        ((fd <= 2 || fd == 255)) || exec {fd}>&-
    done
}

# process_arguments PID: sets ARGUMENTS to the command line of process PID; fails if there is none.
process_arguments() {
    ARGUMENTS=()
    [[ -n "$1" && -r "/proc/$1/cmdline" ]] || return 1
    mapfile -d '' -t ARGUMENTS 2>/dev/null <"/proc/$1/cmdline" || return 1
}

# process_fields PID: sets FIELDS to what /proc/PID/stat has from the state on; fails if there is none.
process_fields() {
    local line
    { IFS= read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    # The program name before the last ")" may hold anything.
    read -r -a FIELDS <<<"${line##*) }"
}

# Prints when process PID started, in clock ticks: with its id this names it for good. Prints nothing
# if it is gone; one that is dead but not yet waited for is gone.
process_start() {
    process_fields "$1" || return 0
    [[ "${FIELDS[0]}" == [ZXx] ]] || printf '%s' "${FIELDS[19]}"
}

# Whether nothing of process PID is left but, at most, an entry that its parent has not picked up yet. A
# killed server shows no command line any more long before its last thread lets go of its files.
process_gone() {
    local -a threads
    process_fields "$1" || return 0
    threads=("/proc/$1/task"/*)
    [[ "${FIELDS[0]}" == [ZX] ]] && ((${#threads[@]} <= 1))
}

# wait_gone PID SECONDS
wait_gone() {
    local end=$((SECONDS + $2))
    until process_gone "$1"; do
        ((SECONDS < end)) || return 1
        sleep 0.02
    done
}
