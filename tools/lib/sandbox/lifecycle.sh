# shellcheck shell=bash
#
# A sandbox as a whole: its lock (lock_sandbox), making it (create_sandbox) and removing it (remove_sandbox),
# also when the script fails or is interrupted halfway (guard, UNFINISHED), its env file (write_env), and
# finding it and its servers again (sandbox_names, sandbox_runs, server_names, load_sandbox, chosen_server).

# Folders whose servers must not survive if this script fails or is interrupted; see give_up.
UNFINISHED=()

lock_sandbox() { take_lock "$RUN/.lock-$NAME"; }

# create_sandbox DIR: in UNFINISHED until it returns.
create_sandbox() {
    local dir=$1
    mkdir -p "$dir"
    printf '%s\n' "$FLAVOR" >"$dir/flavor"
    printf '%s\n' "$MYSQLD" >"$dir/mysqld"
    printf '%s\n' "$$-$RANDOM$RANDOM$RANDOM" >"$dir/id"
    make_socket_dir "$dir"
    start_watchdog
    prepare_server primary
    [[ -z "$REPLICA" ]] || prepare_server replica
    await_server primary
    query "$dir/primary" 'SELECT VERSION()' >"$dir/version"
    if [[ -n "$REPLICA" ]]; then
        await_server replica
        start_replication
    fi
    write_env
}

# remove_sandbox DIR: kills what runs there and removes it.
remove_sandbox() {
    local dir=$1 server
    [[ -d "$dir" ]] || return 0
    stop_watchdog "$dir"
    for server in "$dir"/{primary,replica,template}; do kill_server "$server"; done
    remove_sockets "$(read_line "$dir/sockets")"
    rm -rf "$dir"
}

# A signal ends the script through give_up, with the status a shell reports for it.
guard() {
    trap give_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
}

# shellcheck disable=SC2317  # called by a trap
# give_up: on every way out of this script that leaves something half made behind.
give_up() {
    local status=$? dir
    trap - EXIT
    trap '' INT TERM HUP
    for dir in "${UNFINISHED[@]}"; do remove_sandbox "$dir"; done
    exit "$status"
}

# Prints the names of all sandboxes, running or not.
sandbox_names() {
    local dir
    for dir in "$RUN"/*/; do
        [[ ! -d "$dir" ]] || basename "$dir"
    done
}

sandbox_runs() {
    local role
    [[ -e "$1/env" ]] || return 1
    for role in $(server_names "$1"); do
        if server_runs "$1/$role"; then return 0; fi
    done
    return 1
}

# server_names DIR: prints which of primary and replica the sandbox has.
server_names() {
    local role
    for role in primary replica; do
        [[ ! -d "$1/$role" ]] || printf '%s\n' "$role"
    done
}

# load_sandbox: takes FLAVOR and MYSQLD from the sandbox NAME.
load_sandbox() {
    local dir=$RUN/$NAME
    [[ -e "$dir/env" ]] || die "no sandbox $NAME: tools/sandbox up --name $NAME"
    FLAVOR=$(read_line "$dir/flavor")
    MYSQLD=$(read_line "$dir/mysqld")
}

# Prints the folder of the server that the command line means.
chosen_server() {
    local dir=$RUN/$NAME/primary
    if [[ -n "$REPLICA" ]]; then
        dir=$RUN/$NAME/replica
        [[ -d "$dir" ]] || die "sandbox $NAME has no replica"
    fi
    printf '%s' "$dir"
}

# write_env: values with odd characters are quoted for a shell; ordinary ones stand as they are.
write_env() {
    local dir=$RUN/$NAME role prefix
    {
        shell_line DOPPEL_SANDBOX_NAME "$NAME"
        shell_line DOPPEL_FLAVOR "$FLAVOR"
        shell_line DOPPEL_SERVER_VERSION "$(read_line "$dir/version")"
        printf '%s\n' DOPPEL_HOST=127.0.0.1 DOPPEL_USER=doppel DOPPEL_PASSWORD=doppel
        for role in $(server_names "$dir"); do
            prefix=DOPPEL_
            [[ "$role" == primary ]] || prefix=DOPPEL_REPLICA_
            shell_line "${prefix}PORT" "$(read_line "$dir/$role/port")"
            shell_line "${prefix}SOCKET" "$(server_socket "$dir/$role")"
            # Empty while the server is stopped.
            shell_line "DOPPEL_${role^^}_PID" "$(server_pid "$dir/$role")"
            shell_line "${prefix}DATADIR" "$dir/$role/data"
            shell_line "${prefix}ERROR_LOG" "$dir/$role/error.log"
            shell_line "${prefix}SSL_CA" "$(first_existing "$dir/$role/data/ca.pem" || true)"
        done
    } >"$dir/env.new"
    mv "$dir/env.new" "$dir/env"
}

shell_line() { if [[ -n "$2" ]]; then printf '%s=%q\n' "$1" "$2"; else printf '%s=\n' "$1"; fi; }
