# Shared by test/run, test/demo/run and test/bench/run: packages, build, install, and a private cluster. Source it from bash.
# Everything that is started here is stopped again, by pid, when the script ends.

set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pg_version=${PG_VERSION:-15}
pg_bin=/usr/lib/postgresql/$pg_version/bin
scratch=

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

# install_packages NAME...: by apt, those that are missing. Debian would start a cluster of its own with the server; not here.
install_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing by apt: ${missing[*]}"
    local quiet=/etc/postgresql-common/createcluster.d/helix.conf had=yes
    [ -e "$quiet" ] || had=no
    as_root mkdir -p "$(dirname "$quiet")"
    echo 'create_main_cluster = false' | as_root tee "$quiet" >/dev/null
    as_root apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
    [ $had = yes ] || as_root rm -f "$quiet"
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
