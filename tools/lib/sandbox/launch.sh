# shellcheck shell=bash
#
# Starting the servers of the sandbox NAME: new ones with a port and a my.cnf of their own (prepare_server,
# then await_server), and one that was stopped or killed (restart_server).

# prepare_server ROLE: makes the folder of a new server and starts it.
prepare_server() {
    local role=$1 dir=$RUN/$NAME/$1
    mkdir -p "$dir"
    cp -a --reflink=auto "$TEMPLATE" "$dir/data"
    launch_server "$dir" "$role"
}

launch_server() {
    choose_port "$1"
    server_settings "$1" "$2" >"$1/my.cnf"
    start_server "$1"
}

# await_server ROLE: waits for a new server; should its port be taken, it gets another.
await_server() {
    local role=$1 dir=$RUN/$NAME/$1 try
    for try in 1 2 3 4 5; do
        if wait_ready "$dir"; then return 0; fi
        if ((try == 5)) || ! port_was_taken "$dir"; then break; fi
        say "port $(read_line "$dir/port") was taken meanwhile, trying another"
        mv "$dir/error.log" "$dir/error.log.$try"
        launch_server "$dir" "$role"
    done
    show_log "$dir"
    die "the $role did not start"
}

port_was_taken() {
    ! server_runs "$1" && grep -q 'Address already in use' "$1/error.log"
}

# choose_port DIR: reserves a free port. Two scripts in one checkout never get the same one; if another
# program is quicker to take it, await_server tries again.
choose_port() {
    local port
    local -A used=()
    take_lock "$RUN/.ports" 60
    while read -r port; do used[$port]=1; done < <(ports_in_use)
    # Below 32768, where the kernel takes the ports of outgoing connections from.
    port=$((20000 + RANDOM % 12000))
    while [[ -n "${used[$port]:-}" ]]; do port=$((20000 + (port - 19999) % 12000)); done
    printf '%s\n' "$port" >"$1/port"
    release_lock
}

# Prints the ports that something listens on or uses, and those given to servers of this checkout.
ports_in_use() {
    local local_address rest file
    for file in /proc/net/tcp /proc/net/tcp6; do
        [[ -r "$file" ]] || continue
        while read -r _ local_address rest; do
            [[ "$local_address" == *:* ]] && printf '%d\n' "0x${local_address##*:}"
        done < <(tail -n +2 "$file")
    done
    cat "$RUN"/*/*/port 2>/dev/null || true
}

server_settings() {
    local dir=$1 role=$2 port
    port=$(read_line "$dir/port")
    base_settings "$dir"
    # The port also makes a server id that no other server here has.
    printf '%s\n' 'bind_address=127.0.0.1' "port=$port" "server_id=$port" \
        'report_host=127.0.0.1' "report_port=$port" \
        'log_bin=binlog' 'relay_log=relay' 'binlog_row_image=FULL' \
        'max_binlog_size=256M' 'binlog_expire_logs_seconds=3600' \
        'sync_binlog=1' 'innodb_flush_log_at_trx_commit=1' \
        'innodb_buffer_pool_size=512M' 'performance_schema=ON' 'max_connections=300'
    flavor server_settings "$dir"
    if [[ "$role" == replica ]]; then
        printf '%s\n' 'read_only=ON'
        flavor replica_settings
        initial_options
        ((${#REPLICA_OPTIONS[@]} == 0)) || printf '%s\n' "${REPLICA_OPTIONS[@]}"
    else
        ((${#OPTIONS[@]} == 0)) || printf '%s\n' "${OPTIONS[@]}"
    fi
}

# restart_server DIR: with the port and my.cnf it had.
restart_server() {
    local dir=$1
    if server_runs "$dir"; then die "the server in $dir runs already"; fi
    select_server
    # A restart of the machine empties /tmp.
    (umask 077 && mkdir -p "$(dirname "$(server_socket "$dir")")")
    # Ctrl-C kills the server again; the sandbox stays.
    RESTARTING=$dir
    trap 'kill_server "$RESTARTING"; exit 130' INT TERM HUP
    # A killed server leaves them, and its process id may seem to be alive.
    rm -f "$(server_socket "$dir")"{,.lock}
    start_server "$dir"
    if ! wait_ready "$dir"; then
        kill_server "$dir"
        show_log "$dir"
        die "the server in $dir did not start"
    fi
}
