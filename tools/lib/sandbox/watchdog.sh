# shellcheck shell=bash
#
# The watchdog of `up --owner`: a process of its own that takes the sandbox down once its owner is gone, or
# once somebody has removed its folder. Others call start_watchdog and stop_watchdog; tools/sandbox calls
# watch when it is started as the watchdog itself.

# start_watchdog: for the sandbox NAME, if it has an OWNER, whose process_start is OWNER_START.
start_watchdog() {
    local dir=$RUN/$NAME
    [[ -n "$OWNER" ]] || return 0
    printf '%s\n' "$OWNER" >"$dir/owner"
    detach "$dir/watchdog" "$BASH" "$SELF" __watch "$NAME" "$OWNER" "$(read_line "$dir/id")" "$OWNER_START" \
        </dev/null >/dev/null 2>&1
    disown "$!"
}

# stop_watchdog DIR: unless it is the watchdog itself that takes the sandbox down.
stop_watchdog() {
    local pid id
    pid=$(read_line "$1/watchdog")
    id=$(read_line "$1/id")
    [[ "$pid" != "$$" ]] || return 0
    process_arguments "$pid" || return 0
    if [[ " ${ARGUMENTS[*]} " == *" __watch "*" $id "* ]]; then kill -KILL "$pid" 2>/dev/null || true; fi
}

# watch NAME OWNER ID START: the watchdog's main loop.
watch() {
    NAME=$1
    local owner=$2 id=$3 start=$4 dir=$RUN/$1 nothing
    local role sockets
    local -A pids=()
    sockets=$(read_line "$dir/sockets")
    # Reading from it times out, which is a sleep without a process.
    exec {nothing}<> <(:)
    while [[ "$(process_start "$owner")" == "$start" ]]; do
        if [[ "$(read_line "$dir/id")" != "$id" ]]; then
            # The folder was removed by hand: its servers have lost their data and must not stay.
            for role in "${!pids[@]}"; do
                if is_server "$dir/$role" "${pids[$role]}"; then kill -KILL "${pids[$role]}"; fi
            done
            remove_sockets "$sockets"
            return 0
        fi
        for role in primary replica; do pids[$role]=$(read_line "$dir/$role/pid"); done
        read -r -t 0.25 -u "$nothing" || true
    done
    lock_sandbox
    if [[ "$(read_line "$dir/id")" == "$id" ]]; then remove_sandbox "$dir"; fi
}
