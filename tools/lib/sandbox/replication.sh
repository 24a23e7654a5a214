# shellcheck shell=bash
#
# Replication from the sandbox's primary to its replica. Others call start_replication, which returns when
# the replica's threads run.

# A killed primary is looked for every second: tests do not want to wait for the usual minute.
start_replication() {
    local replica=$RUN/$NAME/replica
    query "$replica" "$(flavor replication_sql "$RUN/$NAME/primary")"
    wait_replication "$replica"
}

wait_replication() {
    local replica=$1 end=$((SECONDS + 30)) statement status=''
    statement=$(flavor replica_status_sql)
    while ((SECONDS < end)); do
        status=$(client "$replica" --vertical -e "$statement" </dev/null 2>&1 || true)
        if (($(grep -cE '_(IO|SQL)_Running: Yes' <<<"$status") == 2)); then return 0; fi
        sleep 0.05
    done
    grep -E '_Running:|Last_(IO_|SQL_)?Error:|^ERROR' <<<"$status" >&2 || true
    show_log "$replica" 10
    die "the replica's threads do not run"
}
