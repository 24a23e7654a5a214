# shellcheck shell=bash
#
# The commands of tools/sandbox, as its help describes them. Its main calls cmd_up, cmd_down, cmd_status,
# cmd_env, cmd_sql, cmd_fetch and change_server (for stop, start and kill) with the rest of the command line.

cmd_fetch() {
    parse_arguments "--flavor" "$@"
    FLAVOR=${FLAVOR:-mysql}
    guard
    select_server
    ensure_template
    "${LOADER[@]}" "$SERVER" --no-defaults --version
}

cmd_up() {
    parse_arguments "--name --flavor --replica --mysqld --owner --option --replica-option" "$@"
    [[ -z "$FLAVOR" || -z "$MYSQLD" ]] || die_usage "--mysqld tells the flavor itself"
    [[ -n "$REPLICA" || ${#REPLICA_OPTIONS[@]} -eq 0 ]] || die_usage "--replica-option needs --replica"
    FLAVOR=${FLAVOR:-mysql}
    OWNER_START=
    if [[ -n "$OWNER" ]]; then
        OWNER_START=$(process_start "$OWNER")
        [[ -n "$OWNER_START" ]] || die "there is no process $OWNER to own the sandbox"
    fi
    local dir=$RUN/$NAME
    lock_sandbox
    if sandbox_runs "$dir"; then die "sandbox $NAME is up already; tools/sandbox down --name $NAME ends it"; fi
    guard
    select_server
    ensure_template
    # What is left of a sandbox that died.
    remove_sandbox "$dir"
    UNFINISHED=("$dir")
    create_sandbox "$dir"
    UNFINISHED=()
    describe_sandbox
}

describe_sandbox() {
    local dir=$RUN/$NAME
    printf 'sandbox %s: %s %s on 127.0.0.1:%s' "$NAME" "$FLAVOR" "$(read_line "$dir/version")" "$(read_line "$dir/primary/port")"
    [[ -z "$REPLICA" ]] || printf ', replica on port %s' "$(read_line "$dir/replica/port")"
    printf '\n'
}

cmd_down() {
    parse_arguments "--name --all" "$@"
    local -a names=("$NAME")
    [[ -z "$ALL" || -z "$NAMED" ]] || die_usage "--name or --all, not both"
    [[ -z "$ALL" ]] || mapfile -t names < <(sandbox_names)
    for NAME in "${names[@]}"; do
        if [[ ! -d "$RUN/$NAME" ]]; then
            say "there is no sandbox $NAME"
            continue
        fi
        lock_sandbox
        remove_sandbox "$RUN/$NAME"
        release_lock
    done
}

cmd_status() {
    parse_arguments "--name" "$@"
    if [[ -n "$NAMED" ]]; then
        [[ -d "$RUN/$NAME" ]] || die "there is no sandbox $NAME"
        show_status
        if [[ -e "$RUN/$NAME/env" ]] && server_runs "$RUN/$NAME/primary"; then return 0; fi
        return 1
    fi
    for NAME in $(sandbox_names); do show_status; done
}

show_status() {
    local dir=$RUN/$NAME role owner version
    version=$(read_line "$dir/version")
    printf '%s: %s%s' "$NAME" "$(read_line "$dir/flavor")" "${version:+ $version}"
    for role in $(server_names "$dir"); do printf '; %s' "$(server_state "$dir/$role")"; done
    owner=$(read_line "$dir/owner")
    [[ -z "$owner" ]] || printf '; owned by process %s' "$owner"
    [[ -e "$dir/env" ]] || printf ' (not ready)'
    printf '\n'
}

server_state() {
    local dir=$1 pid
    pid=$(server_pid "$dir")
    printf '%s on port %s, ' "$(basename "$dir")" "$(read_line "$dir/port")"
    if [[ -n "$pid" ]]; then printf 'process %s' "$pid"; else printf 'not running'; fi
}

cmd_env() {
    parse_arguments "--name" "$@"
    load_sandbox
    cat "$RUN/$NAME/env"
}

cmd_sql() {
    parse_arguments "--name --replica rest" "$@"
    load_sandbox
    local dir argument previous=''
    local -a extra=() arguments=()
    dir=$(chosen_server)
    select_server
    # MySQL 9's client takes not even \G without it; MariaDB's has no such option.
    [[ "$("${CLIENT[@]}" --no-defaults --version)" == *MariaDB* ]] || extra=(--loose-commands)
    for argument in "${REST[@]}"; do
        # SQL is told from a database's name by the blank in it.
        if [[ "$argument" == *[[:space:]]* && "$argument" != -* && ! "$previous" =~ ^(-e|--execute)$ ]]; then
            arguments+=(-e)
        fi
        arguments+=("$argument")
        previous=$argument
    done
    client_command "$dir"
    exec "${CLIENT_COMMAND[@]}" "${extra[@]}" "${arguments[@]}"
}

# change_server HOW ARGUMENTS..: stop, kill and start.
change_server() {
    local how=$1 dir
    shift
    parse_arguments "--name --replica" "$@"
    lock_sandbox
    load_sandbox
    dir=$(chosen_server)
    case $how in
        stop) stop_server "$dir" ;;
        kill) kill_server "$dir" ;;
        start) restart_server "$dir" ;;
    esac
    write_env
}
