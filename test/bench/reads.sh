# The part «reads» of test/bench/run, which sources it: what reads cost by size, time zone, protocol, role and months that are kept.

# load_reads SCRIPT ROWS: by calls of 10,000
load_reads() { bench "$1" -c 2 -t $(($2 / 20000 + 1)) >/dev/null; }

# Folds and closes all that is there, so that nothing but sums by day and quarter is left to read.
fold_all() { sql -At -c 'SELECT helix.fold()' -c 'SELECT helix_internal.close_levels()' -c 'VACUUM ANALYZE' >/dev/null; }

# compare PAIR SUFFIX SCRIPT...: the latency of each, in ms, as SCRIPT with the suffix
compare() {
    local pair=$1 suffix=$2 script
    shift 2
    for script in "$@"; do
        store "$script$suffix" "$pair" "1000 / $(bench "$script" -c 1 -j 1 -T "$seconds")"
    done
    echo
}

compare_trends() {
    local suffix=$1 pair
    fold_all
    sql -f "$here/reads_daily_setup.sql"
    echo "  $(value "SELECT folded_rows || ' executions folded, ' || unfolded_rows || ' unfolded' FROM helix.ledger_status()")"
    for ((pair = 1; pair <= pairs; pair++)); do
        compare $pair "$suffix" reads_daily reads_view reads_call
    done
}

# months NAME COUNT: a database whose ledger keeps so many months
months() {
    sql -c "CREATE DATABASE $1"
    PGDATABASE=$1 sql -v months="$2" -f "$here/reads_months_setup.sql" >/dev/null
}

measure_reads() {
    local pair role zone
    pause_folding
    say "30-day trends of 1,000 users among $rows and $((5 * rows)) executions, all folded and closed (ms)"
    sql -f "$here/reads_setup.sql" >/dev/null
    load_reads reads_load "$rows"
    compare_trends _1
    load_reads reads_load $((2 * rows))
    load_reads reads_heavy $((2 * rows))
    compare_trends _5

    say "local days of a user with a row in every quarter; a call that is not prepared, and whose role changes; a year (ms)"
    for ((pair = 1; pair <= pairs; pair++)); do
        for zone in UTC Asia/Kathmandu Africa/Lagos America/Lima; do
            store "zone_${zone##*/}" $pair "1000 / $(bench reads_zone -c 1 -j 1 -T "$seconds" -D "zone=$zone")"
        done
        echo
        store reads_prepared $pair "1000 / $(bench reads_call -c 1 -j 1 -T "$seconds")"
        store reads_simple $pair "1000 / $(bench reads_call -M simple -c 1 -j 1 -T "$seconds")"
        for role in 1 2; do
            store reads_roles_$role $pair "1000 / $(bench reads_role -M simple -c 1 -j 1 -T "$seconds" -D roles=$role)"
        done
        echo
        store reads_year $pair "1000 / $(bench reads_year -c 1 -j 1 -T "$seconds")"
        store one_ms $pair 1
        echo
    done

    say "a call that is not prepared, with 3 and with 38 months of the ledger (ms)"
    months few 3
    months many 38
    for ((pair = 1; pair <= pairs; pair++)); do
        for role in few many; do
            store months_$role $pair "1000 / $(PGDATABASE=$role bench reads_one -M simple -c 1 -j 1 -T "$seconds")"
        done
        echo
    done
}
