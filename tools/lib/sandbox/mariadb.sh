# shellcheck shell=bash
# shellcheck disable=SC2317  # all of it is called through flavor
#
# What is particular to MariaDB. Others call none of this by name but through flavor (programs.sh); mysql.sh
# has the same functions and lists them.

mariadb_unpack() {
    # mariadb-server depends on a whole system; only its plugins are wanted here.
    unpack_packages bookworm "$HOME_DIR/packages" "$1" \
        "mariadb-server-core mariadb-client-core" "mariadb-server mariadb-client"
}

mariadb_settings() { printf '%s\n' 'character_set_server=utf8mb4' 'collation_server=utf8mb4_general_ci'; }

mariadb_template_settings() { printf '%s\n' 'innodb_log_file_size=8M'; }

mariadb_server_settings() {
    local data=$1/data
    printf '%s\n' 'gtid_strict_mode=ON' 'log_slave_updates=ON' 'binlog_format=ROW' 'innodb_log_file_size=512M'
    [[ ! -e "$data/server-cert.pem" ]] || printf '%s\n' "ssl_ca=\"$data/ca.pem\"" \
        "ssl_cert=\"$data/server-cert.pem\"" "ssl_key=\"$data/server-key.pem\""
}

mariadb_replica_settings() { :; }

mariadb_initialise() {
    mkdir -p "$1/data"
    mariadb_bootstrap_sql >"$1/input"
    spawn_server "$1" --bootstrap
}

# What mariadb-install-db feeds to the server; it cannot be used here, as it runs the program bare.
mariadb_bootstrap_sql() {
    local file
    printf '%s\n' 'CREATE DATABASE IF NOT EXISTS mysql;' 'USE mysql;' \
        "SET @auth_root_socket=NULL;" "SET @skip_auth_anonymous='Y';"
    for file in mysql_system_tables mysql_performance_tables mysql_system_tables_data \
        fill_help_tables maria_add_gis_sp_bootstrap mysql_sys_schema; do
        cat "$SHARE/$file.sql"
    done
}

# MySQL makes certificates at its first start, MariaDB 10.11 does not.
mariadb_make_certificates() {
    local data=$1
    if ! command -v openssl >/dev/null; then
        say "openssl is not installed: MariaDB will not offer TLS"
        return 0
    fi
    (
        cd "$data" || exit
        openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=Doppel sandbox CA' \
            -keyout ca-key.pem -out ca.pem
        openssl req -newkey rsa:2048 -nodes -subj '/CN=127.0.0.1' -keyout server-key.pem -out server.csr
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca-key.pem -set_serial 2 -days 3650 \
            -extfile <(printf 'subjectAltName=IP:127.0.0.1,DNS:localhost') -out server-cert.pem
        rm server.csr
    ) >/dev/null 2>&1
}

mariadb_fresh_accounts_sql() {
    printf '%s\n' "FLUSH PRIVILEGES;" "DELETE FROM mysql.global_priv WHERE User <> 'mariadb.sys';" "FLUSH PRIVILEGES;" \
        "CREATE USER root@localhost;" "GRANT ALL ON *.* TO root@localhost WITH GRANT OPTION;"
}

mariadb_identified() { printf "VIA mysql_native_password USING PASSWORD('%s')" "$1"; }

mariadb_replication_sql() {
    printf '%s\n' "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=$(read_line "$1/port")," \
        "MASTER_USER='repl', MASTER_PASSWORD='repl', MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos;" \
        'START SLAVE;'
}

mariadb_replica_status_sql() { printf 'SHOW SLAVE STATUS'; }
