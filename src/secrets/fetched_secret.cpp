// How a session gets what the keeper fetches: from the cache, else by waiting for the keeper.
#include "pg/prelude.hpp"

#include "secrets/fetched_secret.hpp"

#include "config.hpp"
#include "core/error.hpp"
#include "core/secrets/onepassword_address.hpp"
#include "pg/guard.hpp"
#include "secrets/secret_cache.hpp"

extern "C" {
#include "pgstat.h"
}

namespace helix::secrets {

namespace {

[[noreturn]] void fail(std::string_view reference, std::string_view why) {
    throw Error(sqlstate::secret_unavailable, "secret unavailable",
                "\"" + std::string(reference) + "\": " + std::string(why) + ".",
                "SELECT * FROM helix.secret_cache_status() shows what is known of it; helix.forget_secret() has it "
                "asked for anew.");
}

// Leaves the queue of those who wait, however the waiting ends.
struct Waiting {
    Waiting() = default;
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() { ConditionVariableCancelSleep(); }
};

long ms_until(TimestampTz deadline) {
    return TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);
}

TimestampTz deadline_from_now() {
    return TimestampTzPlusMilliseconds(GetCurrentTimestamp(), config::secret_timeout_ms);
}

void wait_for_keeper(long ms) {
    pg::call([ms] { ConditionVariableTimedSleep(&shared().answered, ms, PG_WAIT_EXTENSION); });
}

} // namespace

void check_onepassword(std::string_view reference) {
    parse_onepassword_reference(reference);
    if (*config::onepassword_connect_url == '\0' && *config::onepassword_cli == '\0') {
        throw Error(sqlstate::invalid_parameter_value, "1Password is not configured",
                    "\"" + std::string(reference) + "\" is a reference to a secret in 1Password.",
                    "Set helix.onepassword_connect_url or helix.onepassword_cli, and helix.onepassword_token_ref.");
    }
}

Secret read_fetched(std::string_view reference) {
    const TimestampTz deadline = deadline_from_now();
    const Waiting waiting;
    while (true) {
        Finding finding;
        look_up(reference, finding);
        if (finding.found == Found::full) {
            fail(reference, "256 others are being asked for");
        }
        if (finding.found == Found::failed) {
            fail(reference, finding.answer.view());
        }
        const long left = ms_until(deadline);
        const bool is_late = finding.found == Found::waiting && left <= 0;
        if (finding.found != Found::waiting || (is_late && finding.answer.length > 0)) {
            return Secret(finding.answer.view());
        }
        if (is_late) {
            fail(reference, "no answer within " + std::to_string(config::secret_timeout_ms) + " ms");
        }
        wait_for_keeper(left);
    }
}

bool refresh_fetched(std::string_view reference) {
    if (!ask_again(reference)) {
        return false;
    }
    const TimestampTz deadline = deadline_from_now();
    const Waiting waiting;
    for (long left = ms_until(deadline); left > 0 && is_asked(reference); left = ms_until(deadline)) {
        wait_for_keeper(left);
    }
    return true;
}

} // namespace helix::secrets
