# shellcheck shell=bash
# shellcheck disable=SC2317  # all of it is called through flavor
#
# What is particular to MySQL. Others call none of this by name but through flavor (programs.sh), so
# mariadb.sh has the same functions: unpack, settings, template_settings, server_settings, replica_settings,
# initialise, make_certificates, fresh_accounts_sql, identified, replication_sql, replica_status_sql.

mysql_unpack() { unpack_packages sid "$HOME_DIR/packages" "$1" "mysql-server-core mysql-client-core"; }

# The my.cnf lines of every server, then those of a server that makes a data folder, of one that stays, and
# of a replica.
mysql_settings() { printf '%s\n' 'loose_mysqlx=OFF'; }

mysql_template_settings() { printf '%s\n' 'loose_innodb_redo_log_capacity=8M'; }

mysql_server_settings() {
    printf '%s\n' 'gtid_mode=ON' 'enforce_gtid_consistency=ON' \
        'loose_binlog_format=ROW' 'loose_innodb_redo_log_capacity=512M'
}

mysql_replica_settings() { printf '%s\n' 'super_read_only=ON'; }

# mysql_initialise DIR: starts the program that fills DIR/data.
mysql_initialise() { spawn_server "$1" --initialize-insecure; }

# MySQL makes them itself at its first start.
mysql_make_certificates() { :; }

# root@localhost is the only account that --initialize-insecure makes for people.
mysql_fresh_accounts_sql() { :; }

mysql_identified() { printf "WITH caching_sha2_password BY '%s'" "$1"; }

# mysql_replication_sql PRIMARY: for a primary with or without GTIDs, with or without TLS.
mysql_replication_sql() {
    local primary=$1 position='SOURCE_AUTO_POSITION=1' security='SOURCE_SSL=1'
    if [[ "$(query "$primary" 'SELECT @@GLOBAL.gtid_mode')" != ON ]]; then
        position="SOURCE_LOG_FILE='$(query "$primary" 'SHOW BINARY LOGS' | head -n 1 | cut -f 1)', SOURCE_LOG_POS=4"
    fi
    if [[ "$(query "$primary" 'SELECT @@GLOBAL.tls_version')" != TLS* ]]; then
        security='SOURCE_SSL=0, GET_SOURCE_PUBLIC_KEY=1'
    fi
    printf '%s\n' "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=$(read_line "$primary/port")," \
        "SOURCE_USER='repl', SOURCE_PASSWORD='repl', SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=86400," \
        "$position, $security;" 'START REPLICA;'
}

mysql_replica_status_sql() { printf 'SHOW REPLICA STATUS'; }
