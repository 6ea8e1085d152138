# What the levels of the rollup cost whoever writes: WAL, bytes, folding and closing, an old snapshot. test/bench/run reads it.
# Each part has the extension made anew, so that nothing is late for a level that a part before has closed.

level_bytes() {
    value "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
            WHERE c.relnamespace = 'helix_internal'::regnamespace AND c.relkind = 'r'
              AND c.relname ~ '^(usage_(minutes_.|quarters)|cost_trends|operation_execution_analytics)\$'"
}
ledger_bytes() {
    value "SELECT sum(pg_total_relation_size(i.inhrelid)) FROM pg_inherits i
            WHERE i.inhparent = 'helix_internal.executions'::regclass"
}
executions() { value 'SELECT count(*) FROM helix_internal.executions'; }
wal_bytes() { value "SELECT pg_current_wal_insert_lsn() - '0/0'"; }

# renew SETTING...: an empty ledger, and only these settings
renew() {
    local setting
    sql -c 'ALTER SYSTEM RESET ALL' >/dev/null
    for setting; do sql -c "ALTER SYSTEM SET $setting" >/dev/null; done
    sql -c 'SELECT pg_reload_conf()' -c 'DROP EXTENSION helix CASCADE' -c 'CREATE EXTENSION helix' -c CHECKPOINT >/dev/null
    sleep 2 # until a worker has begun
}

# Adds all that is folded to days, as the clock would do within a quarter of an hour.
close_all() { value "SELECT helix_internal.close_levels(clock_timestamp() + interval '17 minutes')" >/dev/null; }

# wal_of WHAT PAIR COMMAND...: bytes of WAL for each execution that COMMAND records, with folding
wal_of() {
    local what=$1 pair=$2 before recorded
    shift 2
    before=$(wal_bytes) recorded=$(executions)
    "$@" >/dev/null
    drain
    store "$what" "$pair" "($(wal_bytes) - $before)::float8 / ($(executions) - $recorded)"
}

measure_wal() {
    local pair
    say "WAL for each execution with its fold, without page images, 1,000 users (bytes)"
    renew 'full_page_writes = off' 'autovacuum = off'
    for ((pair = 1; pair <= pairs; pair++)); do
        wal_of wal_slow $pair bench record -c $clients -R 700 -T "$seconds" -D first=1 -D last=1000
        wal_of wal_single $pair bench record -c $clients -T "$seconds" -D first=1 -D last=1000
        wal_of wal_bulk $pair bench users -c 2 -T "$seconds" -D users=1000 -D size=200
        echo
    done
    pair=$(wal_bytes)
    close_all
    store wal_close 1 "($(wal_bytes) - $pair)::float8 / $(executions)"
    echo
}

# measure_users USERS: folds backlogs and closes them
measure_users() {
    local users=$1 pair calls=$((level_rows / pairs / 1000 / 2 + 1)) started folded=0
    say "folding and closing $level_rows executions of $users users, the worker paused"
    renew "helix.fold_interval = '1h'" 'helix.fold_rows = 2147483647' "helix.close_delay = '1h'"
    for ((pair = 1; pair <= pairs; pair++)); do
        bench users -c 2 -t $calls -D users="$users" -D size=1000 >/dev/null
        started=$EPOCHREALTIME
        drain
        folded=$(value "SELECT $folded + $EPOCHREALTIME - $started")
    done
    started=$EPOCHREALTIME
    value "SELECT helix_internal.close_levels(clock_timestamp() + interval '77 minutes')" >/dev/null
    store "close_$users" 1 "$(executions) / ($folded + $EPOCHREALTIME - $started)"
    echo "  folding alone $(value "SELECT round($(executions) / $folded)")/s"
}

measure_bytes() {
    say "bytes of the ledger and of all levels for each execution"
    renew
    bench record -c $clients -T $((seconds * pairs)) -D first=1 -D last=1000 >/dev/null
    drain
    store ledger_bytes 1 "$(ledger_bytes)::float8 / $(executions)"
    bench users -c 2 -t $((level_rows / 2000)) -D users=1000 -D size=1000 >/dev/null
    drain
    close_all
    store bytes_dense 1 "$(level_bytes)::float8 / $(executions)"
    renew "helix.fold_interval = '1h'" 'helix.fold_rows = 2147483647'
    sql -v users=$sparse_users -f "$here/users_day.sql" >/dev/null
    store bytes_sparse 1 "$(level_bytes)::float8 / $(executions)"
    value "TRUNCATE helix_internal.usage_minutes" # as a day later
    store bytes_sparse_later 1 "$(level_bytes)::float8 / $(executions)"
    echo
}

worker_ticks() { awk '{ print $14 + $15 }' "/proc/$(value 'SELECT worker_pid FROM helix.ledger_status()')/stat"; }

# window NAME: records for a while at an even rate, and stores how large the levels are then, and what the worker took
window() {
    local ticks
    ticks=$(worker_ticks)
    bench record -c 8 -R 700 -T "$idle_seconds" -D first=1 -D last=1000 >/dev/null
    store "size_$1" 1 "$(level_bytes)"
    store "worker_$1" 1 "$(worker_ticks) - $ticks"
    echo
}

measure_idle() {
    local idle
    say "700 recordings/s for $idle_seconds s, then as long beside a session that is idle in a transaction (bytes, 1/100 s)"
    renew
    window before
    coproc idle { sql -c 'BEGIN ISOLATION LEVEL REPEATABLE READ' -c 'SELECT pg_current_xact_id()' -f - ; }
    window beside
    kill "$idle_PID"
    wait "$idle_PID" 2>/dev/null || true
}

measure_backlog() {
    local pair fold
    say "30-day trend of one user while $level_rows executions of 1,000 users are folded, and before they are there (ms)"
    renew "helix.fold_interval = '1h'" 'helix.fold_rows = 2147483647'
    bench load -c 2 -t $((level_rows / 2000)) >/dev/null
    drain
    close_all
    sql -c VACUUM -c ANALYZE
    for ((pair = 1; pair <= 3; pair++)); do
        store quiet $pair "1000 / $(bench trend -c 1 -j 1 -T "$seconds")"
        bench load -c 2 -t $((level_rows / 2000)) >/dev/null
        value 'SELECT helix.fold()' >/dev/null &
        fold=$!
        sleep 0.3
        : >"$scratch/trends"
        while kill -0 $fold 2>/dev/null; do
            bench trend -c 1 -j 1 -T 1 >>"$scratch/trends"
        done
        wait $fold
        store backlog $pair "$(awk '{ sum += 1000 / $1 } END { print sum / NR }' "$scratch/trends")"
        echo
    done
}

measure_closing() {
    renew
    store recording 1 "$(bench record -c $clients -T $((seconds * pairs)) -D first=1 -D last=1000)"
    echo
    measure_users 1000
    measure_users 100000
}
