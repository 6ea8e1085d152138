# Shared by the scripts in test/: what the release brings, build, install, and a private cluster. Source it from bash.
# Everything that is started here is stopped again, by pid, when the script ends. --help prints the script's head comment.

set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=
cluster= # the data directory
redis_pid=

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The comment at the head of the script that runs.
usage() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"; }
for argument in "$@"; do
    case $argument in -h | --help) usage; exit ;; esac
done

# The same locale and encoding everywhere, and no connection but our own: initdb, psql and perl take them from here. By LANG,
# because PostgreSQL's TAP modules remove LC_ALL.
unset ${!LC_@} LANGUAGE PGCLIENTENCODING PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGPASSWORD PGPASSFILE
unset PGSERVICE PGOPTIONS PGDATA PGTZ
export LANG=C.UTF-8

. "$repository/test/release.sh"
. "$repository/test/packages.sh"
build_needs=(g++ make "libboost$boost_version-dev" libcurl4-openssl-dev libhiredis-dev libjansson-dev libpq-dev libssl-dev
    "postgresql-$pg_version" "postgresql-server-dev-$pg_version")

# need_root: called before anything is built, so that nobody waits for a build that can't be installed.
need_root() {
    [ "$(id -u)" != 0 ] || return 0
    { command -v sudo && sudo -v; } >/dev/null ||
        die "packages are installed by apt and helix into PostgreSQL: run this as root, or as a user who may use sudo"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# PostgreSQL refuses to run as root: then it runs as the user postgres that Debian's packages make.
as_user() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- env HOME="$scratch" PATH="$PATH" "$@"; else "$@"; fi
}

build_and_install() {
    need_root
    say "building helix with PGXS (2 to 4 minutes the first time)"
    make -C "$repository" -s -j"$(nproc)" PG_CONFIG="$pg_bin/pg_config"
    say "installing helix into PostgreSQL $pg_version"
    as_root make -C "$repository" -s install PG_CONFIG="$pg_bin/pg_config" >/dev/null
}

# free_port [PORT]: PORT of this machine, or another one where somebody listens there
free_port() {
    local port=${1:-$((20000 + RANDOM % 10000))}
    while (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((20000 + RANDOM % 10000)); done
    echo "$port"
}

# A temporary folder that the ordinary user owns; removed at the end.
make_scratch() {
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/helix.XXXXXX")
    cluster=$scratch/cluster
    chmod 755 "$scratch"
    [ "$(id -u)" != 0 ] || chown postgres "$scratch"
}

clean_up() {
    local status=$?
    set +e
    trap '' HUP INT TERM # an impatient second Ctrl-C
    end_packages
    stop_cluster
    stop_redis
    [ -z "$scratch" ] || rm -rf "$scratch"
    exit $status
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# start_cluster [SETTING...]: a private cluster in $cluster, reached over a socket in $scratch.
start_cluster() {
    say "starting a private PostgreSQL $pg_version in $scratch"
    init_cluster "$@"
    start_server
}

# Exports PGHOST and so on.
init_cluster() {
    as_user "$pg_bin/initdb" -D "$cluster" -U postgres -A trust -E UTF8 --locale=C >/dev/null
    { echo "shared_preload_libraries = 'helix'"
      echo "unix_socket_directories = '$scratch'"
      echo "listen_addresses = ''"
      printf '%s\n' "$@"; } | as_user tee -a "$cluster/postgresql.conf" >/dev/null
    export PGHOST=$scratch PGPORT=5432 PGUSER=postgres PGDATABASE=postgres PATH="$pg_bin:$PATH"
}

start_server() {
    as_user "$pg_bin/pg_ctl" -D "$cluster" -l "$scratch/server.log" -w start >/dev/null ||
        { cat "$scratch/server.log" >&2; die "the server did not start"; }
}

stop_cluster() {
    if [ -n "$scratch" ] && [ -e "$cluster/postmaster.pid" ]; then
        as_user "$pg_bin/pg_ctl" -D "$cluster" -m immediate stop >/dev/null 2>&1 || true
    fi
}

# start_redis [OPTION...]: a private Redis on the socket $scratch/redis.sock, in memory only.
start_redis() {
    local tries
    say "starting a private Redis on $scratch/redis.sock"
    as_user rm -f "$scratch/redis.pid"
    as_user redis-server --port 0 --unixsocket "$scratch/redis.sock" --dir "$scratch" --save '' --appendonly no \
        --daemonize yes --pidfile "$scratch/redis.pid" --logfile "$scratch/redis.log" "$@" >/dev/null
    for tries in {1..200}; do
        ! redis-cli -s "$scratch/redis.sock" ping >/dev/null 2>&1 || break
        sleep 0.05
    done
    [ -s "$scratch/redis.pid" ] || { cat "$scratch/redis.log" >&2; die "Redis did not start"; }
    redis_pid=$(cat "$scratch/redis.pid")
}

stop_redis() {
    [ -z "$redis_pid" ] || as_root kill -9 "$redis_pid" 2>/dev/null || true
    redis_pid=
}
