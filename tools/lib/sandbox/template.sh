# shellcheck shell=bash
#
# A fresh data folder, made once per server program and kept in the cache to be copied for every new server.
# Others call ensure_template, which sets TEMPLATE, and initial_options for the options that such a folder
# depends on.

# Raised when the data folders made by an earlier version of this script must not be used any more.
TEMPLATE_FORMAT=1

# ensure_template: sets TEMPLATE, a folder that is made if it is not there.
ensure_template() {
    local variant
    variant=$(initial_options)
    TEMPLATE=$HOME_DIR/template-$TEMPLATE_FORMAT${variant:+-${variant//$'\n'/-}}
    make_once "$TEMPLATE" make_template "$HOME_DIR/new/template"
}

# Prints the options among those given that can only be chosen when a data folder is made.
initial_options() {
    local option
    for option in "${OPTIONS[@]}"; do
        if [[ "${option//-/_}" == lower_case_table_names=[0-2] ]]; then printf '%s\n' "${option//-/_}"; fi
    done
}

make_template() {
    local dir=$1
    say "preparing a data folder (once)"
    kill_server "$dir"
    rm -rf "$HOME_DIR/new"
    mkdir -p "$dir"
    UNFINISHED+=("$HOME_DIR/new")
    make_socket_dir "$HOME_DIR/new"
    template_settings "$dir" >"$dir/my.cnf"
    if ! fill_template "$dir"; then
        show_log "$dir"
        die "cannot initialise a data folder with $SERVER"
    fi
    rm -f "$dir/data/auto.cnf"
    mv "$dir/data" "$TEMPLATE"
    remove_sandbox "$HOME_DIR/new"
    UNFINISHED=()
}

template_settings() {
    base_settings "$1"
    # Small and fast: nothing here has to survive a crash.
    printf '%s\n' 'skip_networking=ON' 'skip_log_bin' 'innodb_flush_log_at_trx_commit=0' \
        'innodb_doublewrite=OFF' 'performance_schema=OFF' 'innodb_buffer_pool_size=64M'
    flavor template_settings
    initial_options
}

fill_template() {
    local dir=$1
    initialise "$dir" || return 1
    flavor make_certificates "$dir/data" || return 1
    start_server "$dir"
    wait_ready "$dir" || return 1
    account_sql | client "$dir" || return 1
    load_time_zones "$dir" || return 1
    stop_server "$dir"
}

# initialise DIR: lets the server program fill DIR/data.
initialise() {
    local dir=$1 failed=0
    flavor initialise "$dir"
    wait "$!" || failed=$?
    rm -f "$dir/pid" "$dir/input"
    return "$failed"
}

# account_sql: root keeps its empty password, which works through the socket alone: over TCP no
# account but doppel's and the replication user's matches, as the server resolves no names.
account_sql() {
    flavor fresh_accounts_sql
    printf '%s\n' "CREATE USER doppel@'%' IDENTIFIED $(flavor identified doppel);" \
        "GRANT ALL ON *.* TO doppel@'%' WITH GRANT OPTION;" \
        "CREATE USER repl@'%' IDENTIFIED $(flavor identified repl);" \
        "GRANT REPLICATION SLAVE ON *.* TO repl@'%';"
}

# Named time zones, where the system has them: their daylight saving rules are worth testing with.
load_time_zones() {
    local dir=$1 program root=$HOME_DIR/root
    [[ -d /usr/share/zoneinfo && -z "$MYSQLD" ]] || return 0
    program=$(first_existing "$root"/usr/bin/{mysql,mariadb}-tzinfo-to-sql "$root"/usr/bin/mysql_tzinfo_to_sql) || return 0
    "${LOADER[@]}" "$program" /usr/share/zoneinfo 2>/dev/null | client "$dir" mysql
}
