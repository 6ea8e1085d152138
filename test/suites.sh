# What the suites of test/run need and do: sourced by it alone. `selection` holds what to run of a suite (empty: all of it), `quick`
# and `nightly` are 1 in these runs.

pgxs=/usr/lib/postgresql/$pg_version/lib/pgxs/src/test

# Their seconds depend on nothing else running beside them. All others run three at a time: they mostly wait.
alone='008|011|012|013|014|015|021|022|023|027|059'
# What test/run quick runs of the TAP tests.
quick_tap='004|005|009|010|015|021|024|025|026'

install_tools() {
    local tools=(git cmake libgtest-dev perl libipc-run-perl libpq-dev redis-server
        "postgresql-$pg_version-cron" "$zones")
    [ "$clang_version" != 14 ] || tools+=(clang-format-14) # see test/lint/run
    [ -n "$quick" ] || [ "$clang_version" != 14 ] || tools+=(clang-tidy-14)
    [ -n "$quick" ] || tools+=("clang-$clang_version" "libclang-rt-$clang_version-dev" spin gcc)
    ! wants docs || tools+=(openssl)
    ! wants tap || tools+=(curl openssl slowhttptest)
    ! wants e2e || tools+=(nginx-light libnginx-mod-http-js)
    ! wants web || tools+=(chromium fonts-dejavu-core)
    install_packages "${tools[@]}" "${build_needs[@]}"
}

# The module by PGXS; what the tests use besides by CMake. clang builds CMake's module.
build() {
    local targets=()
    ! wants unit || targets+=(helix_unit)
    ! wants tap || targets+=(helix_{boundary,secret_reader,late_writer,pg_cron_reader} fault_proxy coherence_checker)
    build_and_install
    say "building with CMake: ${targets[*]:-nothing} (1 to 3 minutes the first time)"
    cmake -S "$repository" -B "$repository/build" -DPG_CONFIG="$pg_bin/pg_config" >/dev/null
    [ ${#targets[@]} = 0 ] || cmake --build "$repository/build" -j"$(nproc)" --target "${targets[@]}" >/dev/null
}

# The second compiler sees every file; nothing of it is run.
run_clang() {
    cmake -S "$repository" -B "$scratch/clang" -DPG_CONFIG="$pg_bin/pg_config" "-DCMAKE_CXX_COMPILER=clang++-$clang_version" \
        -DCMAKE_BUILD_TYPE=Debug >/dev/null &&
        cmake --build "$scratch/clang" -j"$(nproc)" | grep -vE '^\[' || [ "${PIPESTATUS[0]}" = 0 ]
}

run_unit() {
    local unit=$repository/build/helix_unit filter=${selection[0]:-*}
    [[ $("$unit" --gtest_filter="$filter" --gtest_list_tests) == *$'\n  '* ]] || die "no unit test is like \"$filter\""
    "$unit" --gtest_brief=1 --gtest_filter="$filter"
}

run_fuzz() {
    SECONDS_EACH=${SECONDS_EACH:-${nightly:+1200}} "$repository/test/fuzz/run" "${selection[@]}"
}

run_docs() {
    HELIX_SKIP_BUILD=1 "$repository/test/docs/run" "${selection[@]}"
}

run_e2e() {
    HELIX_SKIP_BUILD=1 "$repository/test/e2e/run" "${selection[@]}"
}

run_web() {
    HELIX_SKIP_BUILD=1 "$repository/test/web/run" "${selection[@]}"
}

# The tests' files where the server's user can read them and write beside them.
copy_for_user() {
    local copy=$scratch/$1; shift
    mkdir -p "$copy/output"
    (cd "$repository" && cp -r "$@" "$copy/")
    [ "$(id -u)" != 0 ] || chown -R postgres "$copy"
    echo "$copy"
}

run_regress() {
    local copy names=("${selection[@]}")
    copy=$(copy_for_user regress sql expected)
    [ ${#names[@]} -gt 0 ] || names=($(make -s -C "$repository" print-REGRESS))
    as_user "$pgxs/regress/pg_regress" --bindir="$pg_bin" --inputdir="$copy" --outputdir="$copy/output" --host="$scratch" \
        --user=postgres --dbname=contrib_regression --load-extension=helix "${names[@]}" ||
        { cat "$copy/output/regression.diffs"; return 1; }
}

run_isolation() {
    local copy names=("${selection[@]}")
    copy=$(copy_for_user isolation test/isolation/specs test/isolation/expected)
    [ ${#names[@]} -gt 0 ] || names=($(make -s -C "$repository" print-ISOLATION))
    as_user "$pgxs/isolation/pg_isolation_regress" --bindir="$pg_bin" --inputdir="$copy" --outputdir="$copy/output" \
        --host="$scratch" --user=postgres --dbname=isolation_regression --load-extension=helix \
        "${names[@]}" || { cat "$copy/output/regression.diffs"; return 1; }
}

run_tap() {
    local copy tests together apart status=0
    copy=$(copy_for_user tap test/t docs build/helix_{boundary,secret_reader,late_writer,pg_cron_reader}.so \
        build/{fault_proxy,coherence_checker})
    tests=$(chosen_tests)
    mapfile -t together < <(grep -vE "^($alone)" <<<"$tests")
    mapfile -t apart < <(grep -E "^($alone)" <<<"$tests")
    [ ${#together[@]} = 0 ] || prove_together "$copy" "${together[@]/#/$copy/t/}" || status=1
    if [ ${#apart[@]} -gt 0 ] && { [ $status = 0 ] || [ -z "${FAIL_FAST:-}" ]; }; then
        prove_in "$copy" "${apart[@]/#/$copy/t/}" || { status=1; note "TAP tests that failed:" "$(failures_of_tap "$copy")"; }
    fi
    return $status
}

# Beside others a test's seconds can run out on two processors. So what fails there has to pass by itself, and the end of the
# output says that. Nightly takes nothing back, and nobody takes back what has failed by itself.
prove_together() {
    local copy=$1; shift
    prove_in "$copy" -j3 --state=save "$@" && return
    note "TAP tests that failed beside others:" "$(failures_of_tap "$copy")"
    [ -z "$nightly" ] || return 1
    as_user rm -rf "$copy/output/tmp_check"
    # Who bails out, as where no server starts, is not among those that failed.
    if ! prove_in "$copy" --state=failed || grep -q '^Result: NOTESTS' "$copy/output/prove.out"; then
        note "They failed by themselves, too:" "$(failures_of_tap "$copy")"
        return 1
    fi
    note "By themselves they passed."
}

# The logs of the last runs of each file, at most some 100 lines
failures_of_tap() {
    (cd "$1/output" && sed -n '/^Test Summary Report/,/^Files=/p' prove.out &&
        : >prove.out && grep -rE -A 12 '(^|\] |\) )not ok|^#.*(Failed|died)' log tmp_check/log 2>/dev/null |
        sed 's|^.*/||' | head -n 80) || true
}

# The names of the TAP files to run, one a line
chosen_tests() {
    if [ ${#selection[@]} -gt 0 ]; then printf '%s\n' "${selection[@]}"
    else (cd "$repository/test/t" && ls -- *.pl) | grep -E "^(${quick:+$quick_tap})"; fi
}

# prove_in COPY ARGUMENT...: of prove
prove_in() {
    local copy=$1 settings; shift
    settings=(PERL5LIB="$pgxs/perl:$copy/t/lib" PATH="$pg_bin:$PATH" PG_REGRESS="$pgxs/regress/pg_regress"
        TESTDIR="$copy/output" TESTDATADIR="$copy/output/data" TESTLOGDIR="$copy/output/log"
        HELIX_BOUNDARY="$copy/helix_boundary.so" HELIX_SECRET_READER="$copy/helix_secret_reader.so"
        HELIX_LATE_WRITER="$copy/helix_late_writer.so" HELIX_PG_CRON_READER="$copy/helix_pg_cron_reader.so"
        HELIX_FAULT_PROXY="$copy/fault_proxy" HELIX_COHERENCE_CHECKER="$copy/coherence_checker")
    (cd "$copy/output" && as_user env "${settings[@]}" prove --timer "$@") | tee -a "$copy/output/prove.out"
}

# What chance decides, again and again: the unit tests' random input, random models of batches, budgets and the cache under load.
run_loops() {
    local round status=0
    "$repository/build/helix_unit" --gtest_brief=1 --gtest_repeat=50 --gtest_shuffle || status=1
    for round in $(seq 10); do
        selection=(008_chaos.pl 014_coherence.pl 018_batches.pl)
        HELIX_SEED=$RANDOM run_tap || status=1
    done
    selection=(022_budgets.pl)
    HELIX_BUDGET_SECONDS=600 run_tap || status=1
    return $status
}
