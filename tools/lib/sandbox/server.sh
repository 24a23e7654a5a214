# shellcheck shell=bash
#
# One server in its folder DIR, new or old: its process (server_pid, server_runs, server_begins, is_server, spawn_server,
# start_server, stop_server, kill_server), its socket (server_socket, make_socket_dir, remove_sockets), the
# client on it (client_command, client, query, wait_ready), its log (show_log), and the my.cnf lines that
# every server has (base_settings).

START_TIMEOUT=120
STOP_TIMEOUT=60

# Whether process PID is the server of folder DIR. A recorded id may long be another process's.
is_server() {
    local dir=$1 argument
    process_arguments "$2" || return 1
    for argument in "${ARGUMENTS[@]}"; do
        [[ "$argument" == "--datadir=$dir/data" ]] && return 0
    done
    return 1
}

# Prints the process id of the server in DIR, if it runs.
server_pid() {
    local pid
    pid=$(read_line "$1/pid")
    if is_server "$1" "$pid"; then printf '%s' "$pid"; fi
}

server_runs() { is_server "$1" "$(read_line "$1/pid")"; }

# Whether the process that becomes the server in DIR has not got so far: it has not written its id yet, or
# does not run the server yet. On a busy machine that may last.
server_begins() {
    local pid
    pid=$(read_line "$1/pid")
    [[ -z "$pid" ]] || ! process_gone "$pid"
}

# kill_server DIR: as a power cut would.
kill_server() {
    local pid
    pid=$(server_pid "$1")
    [[ -n "$pid" ]] || return 0
    kill -KILL "$pid" 2>/dev/null || true
    wait_gone "$pid" 30 || say "process $pid does not die"
}

stop_server() {
    local pid
    pid=$(server_pid "$1")
    [[ -n "$pid" ]] || return 0
    kill -TERM "$pid" 2>/dev/null || true
    if ! wait_gone "$pid" "$STOP_TIMEOUT"; then
        say "process $pid did not shut down in $STOP_TIMEOUT s: killing it"
        kill_server "$1"
    fi
}

# spawn_server DIR ARGUMENTS..: runs a server; $! is its process id. Its input is DIR/input if that exists.
spawn_server() {
    local dir=$1 input=/dev/null
    shift
    local -a command=("${LOADER[@]}" "$SERVER" "--defaults-file=$dir/my.cnf" "--datadir=$dir/data")
    ((EUID != 0)) || command+=(--user=root)
    [[ ! -e "$dir/input" ]] || input=$dir/input
    rm -f "$dir/pid"
    detach "$dir/pid" "${command[@]}" "$@" <"$input" >>"$dir/error.log" 2>&1
}

# start_server DIR: as above, for a server that stays.
start_server() {
    spawn_server "$1"
    # Else bash tells the terminal when the server is killed.
    disown "$!"
}

# make_socket_dir DIR: a short folder for the sockets of the servers in DIR/*.
make_socket_dir() {
    local sockets
    sockets=$(mktemp -d /tmp/doppel-sandbox.XXXXXX)
    printf '%s\n' "$sockets" >"$1/sockets"
}

# remove_sockets DIR: only ever what make_socket_dir made.
remove_sockets() {
    if [[ "$1" == /tmp/doppel-sandbox.?* ]]; then rm -rf "$1"; fi
}

server_socket() { printf '%s/%s.sock' "$(read_line "$(dirname "$1")/sockets")" "$(basename "$1")"; }

# client_command DIR: sets CLIENT_COMMAND to the mysql client as root on the server in DIR.
client_command() {
    CLIENT_COMMAND=("${CLIENT[@]}" --no-defaults --user=root --socket="$(server_socket "$1")"
        --default-character-set=utf8mb4)
}

# client DIR ARGUMENTS..: runs it.
client() {
    client_command "$1"
    "${CLIENT_COMMAND[@]}" "${@:2}"
}

# query DIR SQL: prints bare rows.
query() { client "$1" --batch --skip-column-names --raw --connect-timeout=10 -e "$2" </dev/null; }

# wait_ready DIR: until the server accepts connections.
wait_ready() {
    local dir=$1 end=$((SECONDS + START_TIMEOUT)) socket
    socket=$(server_socket "$dir")
    while ((SECONDS < end)); do
        server_runs "$dir" || server_begins "$dir" || return 1
        if [[ -S "$socket" ]] && query "$dir" 'SELECT 1' >/dev/null 2>&1; then return 0; fi
        sleep 0.05
    done
    say "the server in $dir did not accept connections in $START_TIMEOUT s"
    return 1
}

# show_log DIR [LINES]
show_log() {
    say "the end of $1/error.log:"
    tail -n "${2:-25}" "$1/error.log" >&2 || true
}

# Prints the my.cnf lines that both flavors and both phases need.
base_settings() {
    local dir=$1
    printf '%s\n' '[mysqld]' 'skip_name_resolve=ON' 'secure_file_priv=' \
        "socket=\"$(server_socket "$dir")\"" "pid_file=\"$dir/mysqld.pid\""
    [[ -z "$PLUGINS" ]] || printf 'plugin_dir="%s"\n' "$PLUGINS"
    # A server of the user's own knows its folders.
    [[ -n "$MYSQLD" ]] || printf '%s\n' "lc_messages_dir=\"$SHARE\"" "character_sets_dir=\"$SHARE/charsets\""
    flavor settings
}
