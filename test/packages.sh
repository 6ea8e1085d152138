# The packages that a script needs, installed by apt: sourced by test/lib.sh. Debian would start servers of its own with some of
# them and make a cluster; two files keep it from that while packages are installed.

services_file=/usr/sbin/policy-rc.d
cluster_file=/etc/postgresql-common/createcluster.d/helix.conf
# Says that a file is ours, so that neither this run nor a later one removes a file of the machine's.
mark='# Made by the tests of helix while they install packages; they remove it.'
apt_output= # the descriptor that apt's output is read from, while it runs
holding=    # whether this run made the files

# install_packages NAME...: those that are missing.
install_packages() {
    local missing
    free_services # what a run left that was killed
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing by apt (1 to 5 minutes): ${missing[*]}"
    command -v apt-get >/dev/null || unsupported "${missing[@]}"
    need_root
    apt_get update || die "apt could not read its package lists: see above"
    check_available "${missing[@]}"
    hold_services
    apt_get install --no-install-recommends "${missing[@]}" || die "apt could not install what is missing: see above"
    free_services
}

missing_packages() {
    local name
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || echo "$name"
    done
}

check_available() {
    local name absent=()
    for name in "$@"; do
        apt-cache show "$name" >/dev/null 2>&1 || absent+=("$name")
    done
    [ ${#absent[@]} = 0 ] || unsupported "${absent[@]}"
}

unsupported() {
    die "helix is tested on $supported_releases; this is $release_name, where apt has no ${*}." \
        "Install what serves for them and set PG_VERSION and CLANG_VERSION, or take one of these releases"
}

# apt_get ARGUMENT...: prints how far it is, in tenths; where it fails, the last that it said.
apt_get() {
    local line state percent shown='' status=1 said=()
    exec {apt_output}< <(set +e
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o APT::Status-Fd=1 -o DPkg::Lock::Timeout=600 "$@" 2>&1 </dev/null
        echo "apt's status: $?")
    while IFS= read -r line <&"$apt_output"; do
        case $line in
            dlstatus:* | pmstatus:*)
                IFS=: read -r state _ percent _ <<<"$line"
                [ "$state" = dlstatus ] && state=fetched || state=installed
                [ "$shown" != "$state ${percent%%.*}" ] || continue
                [ "${shown% *}" = "$state" ] && [ $((${percent%%.*} / 10)) = $((${shown#* } / 10)) ] ||
                    echo "  $1: ${percent%%.*} % $state"
                shown="$state ${percent%%.*}" ;;
            "apt's status: "*) status=${line##* } ;;
            *) said+=("$line") ;;
        esac
    done
    exec {apt_output}<&-
    apt_output=
    [ "$status" = 0 ] || printf '%s\n' "${said[@]}" | tail -n 40 >&2
    return "$status"
}

hold_services() {
    holding=1
    hold "$cluster_file" "$mark" 'create_main_cluster = false'
    hold "$services_file" '#!/bin/sh' "$mark" 'exit 101'
}

# hold FILE LINE...: unless the machine has one.
hold() {
    local file=$1; shift
    [ ! -e "$file" ] || return 0
    as_root mkdir -p "$(dirname "$file")"
    printf '%s\n' "$@" | as_root tee "$file" >/dev/null
    as_root chmod 755 "$file"
}

free_services() {
    local file
    for file in "$services_file" "$cluster_file"; do
        ! grep -qsxF "$mark" "$file" || as_root rm -f "$file"
    done
    holding=
}

# At the script's end, however it ends. An apt that still runs would start servers without the files: wait for it.
end_packages() {
    [ -z "$apt_output" ] || { echo 'waiting for apt to end' >&2; cat <&"$apt_output" >/dev/null || true; }
    [ -z "$holding" ] || free_services
}
