# Shared by test/run, test/demo/run and test/bench/run: packages, build, install, and a private cluster. Source it from bash.
# Everything that is started here is stopped again, by pid, when the script ends.

set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pg_version=${PG_VERSION:-15}
pg_bin=${PG_BIN:-/usr/lib/postgresql/$pg_version/bin}
build_needs=(g++ make libcurl4-openssl-dev libhiredis-dev libjansson-dev libssl-dev "postgresql-$pg_version" "postgresql-server-dev-$pg_version")
scratch=
redis_pid=

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else die "this step needs root or sudo: $*"; fi
}

# PostgreSQL refuses to run as root: then it runs as the user postgres that Debian's packages make.
as_user() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- env HOME="$scratch" PATH="$PATH" "$@"; else "$@"; fi
}

# install_packages NAME...: by apt, those that are missing. Debian would start servers of its own with some of them and make a
# cluster; not here.
install_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing by apt: ${missing[*]}"
    put_aside=()
    hold /etc/postgresql-common/createcluster.d/helix.conf 'create_main_cluster = false'
    hold /usr/sbin/policy-rc.d $'#!/bin/sh\nexit 101'
    as_root apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
    [ ${#put_aside[@]} = 0 ] || as_root rm -f "${put_aside[@]}"
}

# hold FILE TEXT: the file while packages are installed, unless the machine has one.
hold() {
    [ ! -e "$1" ] || return 0
    as_root mkdir -p "$(dirname "$1")"
    echo "$2" | as_root tee "$1" >/dev/null
    as_root chmod 755 "$1"
    put_aside+=("$1")
}

build_and_install() {
    say "building helix with PGXS"
    make -C "$repository" -s -j"$(nproc)" PG_CONFIG="$pg_bin/pg_config"
    say "installing helix into PostgreSQL $pg_version"
    as_root make -C "$repository" -s install PG_CONFIG="$pg_bin/pg_config" >/dev/null
}

# A temporary folder that the ordinary user owns; removed at the end.
make_scratch() {
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/helix.XXXXXX")
    chmod 755 "$scratch"
    [ "$(id -u)" != 0 ] || chown postgres "$scratch"
    trap clean_up EXIT
}

clean_up() {
    local status=$?
    stop_cluster
    stop_redis
    [ -z "$scratch" ] || rm -rf "$scratch"
    exit $status
}

# start_cluster [SETTING...]: a private cluster in $scratch/cluster, reached over a socket in $scratch; exports PGHOST and so on.
start_cluster() {
    say "starting a private PostgreSQL $pg_version in $scratch"
    as_user "$pg_bin/initdb" -D "$scratch/cluster" -U postgres -A trust -E UTF8 --locale=C >/dev/null
    { echo "shared_preload_libraries = 'helix'"
      echo "unix_socket_directories = '$scratch'"
      echo "listen_addresses = ''"
      printf '%s\n' "$@"; } | as_user tee -a "$scratch/cluster/postgresql.conf" >/dev/null
    as_user "$pg_bin/pg_ctl" -D "$scratch/cluster" -l "$scratch/server.log" -w start >/dev/null ||
        { cat "$scratch/server.log" >&2; die "the server did not start"; }
    export PGHOST=$scratch PGPORT=5432 PGUSER=postgres PGDATABASE=postgres PATH="$pg_bin:$PATH"
}

stop_cluster() {
    if [ -n "$scratch" ] && [ -e "$scratch/cluster/postmaster.pid" ]; then
        as_user "$pg_bin/pg_ctl" -D "$scratch/cluster" -m immediate stop >/dev/null 2>&1 || true
    fi
}

# start_redis [OPTION...]: a private Redis on the socket $scratch/redis.sock, in memory only.
start_redis() {
    say "starting a private Redis on $scratch/redis.sock"
    as_user redis-server --port 0 --unixsocket "$scratch/redis.sock" --dir "$scratch" --save '' --appendonly no \
        --daemonize yes --pidfile "$scratch/redis.pid" --logfile "$scratch/redis.log" "$@" >/dev/null
    until redis-cli -s "$scratch/redis.sock" ping >/dev/null 2>&1; do sleep 0.05; done
    redis_pid=$(cat "$scratch/redis.pid")
}

stop_redis() {
    [ -z "$redis_pid" ] || as_root kill -9 "$redis_pid" 2>/dev/null || true
    redis_pid=
}
