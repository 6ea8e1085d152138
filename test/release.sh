# The release of Debian, the PostgreSQL, clang and Boost that it brings, and the package that has all time zones, as zones: sourced
# by test/lib.sh and test/lint/run. PG_VERSION, PG_BIN and CLANG_VERSION override them. The testing release is tried, not supported.

supported_releases='Debian 12 (bookworm) and Debian 13 (trixie)'
release=unknown release_name='an unknown system'
if [ -r /etc/os-release ]; then
    release=$(. /etc/os-release && echo "${VERSION_CODENAME:-${ID:-unknown}}")
    release_name=$(. /etc/os-release && echo "${PRETTY_NAME:-$release}")
fi

case $release in
    forky) pg_version=18 clang_version=21 boost_version=1.88 zones=tzdata-legacy ;;
    trixie) pg_version=17 clang_version=19 boost_version=1.83 zones=tzdata-legacy ;; # which has names such as CET
    *) pg_version=15 clang_version=14 boost_version=1.81 zones=tzdata ;;
esac
pg_version=${PG_VERSION:-$pg_version}
pg_bin=${PG_BIN:-/usr/lib/postgresql/$pg_version/bin}
clang_version=${CLANG_VERSION:-$clang_version}
