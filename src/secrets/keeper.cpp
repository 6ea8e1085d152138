// The keeper: one process without a database connection. It asks for one secret at a time, and while 1Password cannot
// be reached tells everybody so without asking.
#include "pg/prelude.hpp"

#include "secrets/keeper.hpp"

#include "config.hpp"
#include "core/backoff.hpp"
#include "core/tokens/key_reference.hpp"
#include "pg/background_process.hpp"
#include "pg/guard.hpp"
#include "secrets/request_process.hpp"
#include "secrets/secret_cache.hpp"

#include <cstring>
#include <sys/prctl.h>

extern "C" {
#include "storage/procsignal.h"
}

namespace helix::secrets {

namespace {

using std::chrono::milliseconds;

constexpr int pause_of_one_ms = 10'000; // before what 1Password does not have is asked for again

// While it lasts nothing is asked.
struct Pause {
    TimestampTz until = 0;
    Backoff backoff{milliseconds(1'000), milliseconds(60'000)};
    Answer why{};
};

Pause pause; // lives as long as the process

TimestampTz in_ms(std::int64_t ms) {
    return TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms);
}

void begin_pause(const Answer& answer) {
    const bool is_new = pause.why.length == 0;
    const auto wish_ms = answer.retry_after_s * std::int64_t{1000};
    pause.until = in_ms(std::max<std::int64_t>(pause.backoff.next().count(), wish_ms));
    pause.why = answer;
    if (is_new) {
        ereport(LOG, (errmsg("helix cannot ask 1Password: %.*s", static_cast<int>(answer.length), answer.bytes)));
    }
}

void end_pause() {
    if (pause.why.length > 0) {
        ereport(LOG, (errmsg("helix asks 1Password again")));
    }
    pause = Pause{};
}

// Keeps the answer or tells of the failure; the buffer is the caller's to wipe.
void conclude(const Errand& errand, const Answer& answer) {
    const bool is_of_onepassword = !is_jwks_address(errand.reference); // else it says nothing about 1Password
    if (is_of_onepassword && answer.outcome == Outcome::unavailable) {
        begin_pause(answer);
        settle(errand, answer, pause.until);
        return;
    }
    if (is_of_onepassword) {
        end_pause();
    }
    settle(errand, answer, answer.outcome == Outcome::found ? 0 : in_ms(pause_of_one_ms));
}

void serve(const Errand& errand) {
    if (GetCurrentTimestamp() < pause.until && !is_jwks_address(errand.reference)) {
        settle(errand, pause.why, pause.until);
        return;
    }
    Answer answer{};
    if (ask_in_process(errand.reference, answer)) {
        conclude(errand, answer);
    }
    explicit_bzero(&answer, sizeof(answer));
}

void leave(int, Datum) {
    LWLockReleaseAll(); // an error may have left it held
    pg_atomic_write_u32(&shared().keeper, 0);
}

void enter_service() {
    prctl(PR_SET_DUMPABLE, 0);
    before_shmem_exit(leave, 0);
    pg_atomic_write_u32(&shared().keeper, static_cast<std::uint32_t>(pg::process_number()) + 1);
}

void serve_next() {
    const long due_ms = expire();
    Errand errand;
    if (next_errand(errand)) {
        serve(errand);
    } else {
        pg::wait_for_latch(due_ms);
    }
}

void reloaded() {
    pause = Pause{}; // what was wrong may be mended
    forgive();
}

void run_keeper() {
    pg::begin_rounds();
    enter_service();
    pg::run_rounds(serve_next, reloaded);
    pg::end_rounds();
}

} // namespace

void register_keeper() {
    pg::register_background_process("helix secret keeper", "helix_keeper_main", BgWorkerStart_ConsistentState, 1);
}

} // namespace helix::secrets

extern "C" {
PGDLLEXPORT void helix_keeper_main(Datum argument);

void helix_keeper_main(Datum) {
    helix::pg::enter_callback([] { helix::secrets::run_keeper(); });
}
}
