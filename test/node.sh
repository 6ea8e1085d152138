# Node and npm for the scripts that need them: sourced after test/lib.sh.

# npm_fetch ARGUMENT...: npm's own words only where it fails
npm_fetch() {
    npm --loglevel=error --no-audit --no-fund "$@" >/dev/null ||
        die "npm could not fetch what is needed (npm $*); what it says stands above"
}

# supabase-js and the server behind it want Node 20.19 or newer; Debian 12 has 18, npm has 20.
provide_node() {
    local machine
    command -v node npm >/dev/null || install_packages nodejs npm
    node -e 'const [major, minor] = process.versions.node.split(".");
        process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)' && return
    case $(uname -m) in x86_64) machine=x64 ;; aarch64) machine=arm64 ;; *) die "Node 20.19 or newer is needed" ;; esac
    say "installing Node 20 by npm (a minute)"
    npm_fetch install --prefix "$scratch/node" "node-linux-$machine@20"
    PATH=$scratch/node/node_modules/node-linux-$machine/bin:$PATH
}
