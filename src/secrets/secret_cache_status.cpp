// helix.secret_cache_status() and helix.forget_secret(): what the DBA sees of op:// secrets, and how he has one read
// anew.
#include "pg/prelude.hpp"

#include "config.hpp"
#include "core/tokens/key_reference.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"
#include "pg/values.hpp"
#include "secrets/secret_cache.hpp"

#include <cstring>

namespace helix::secrets {

namespace {

const char* state_of(const Entry& entry, TimestampTz now) {
    if (entry.length > 0 && now < usable_until(entry)) {
        return now < fresh_until(entry) ? "fresh" : "stale";
    }
    if (entry.wanted) {
        return "asked";
    }
    return entry.failed_at == 0 ? "expired" : entry.outcome == Outcome::not_found ? "not found" : "unavailable";
}

Datum age_of(TimestampTz since, TimestampTz now) {
    return DirectFunctionCall2(timestamp_mi, TimestampTzGetDatum(now), TimestampTzGetDatum(since));
}

void put(ReturnSetInfo* result, const Entry& entry, TimestampTz now) {
    const bool has_secret = entry.length > 0 && now < usable_until(entry);
    const bool has_failed = entry.failed_at != 0;
    const char* onepassword = *config::onepassword_connect_url != '\0' ? "connect" : "command line";
    pg::Values row;
    row.add_text(entry.reference).add_text(is_jwks_address(entry.reference) ? "https" : onepassword);
    row.add_text(state_of(entry, now));
    row.add(has_secret ? age_of(entry.fetched_at, now) : 0, !has_secret);
    row.add(TimestampTzGetDatum(usable_until(entry)), !has_secret);
    row.add_text(has_failed ? entry.reason : nullptr).add(TimestampTzGetDatum(entry.failed_at), !has_failed);
    tuplestore_putvalues(result->setResult, result->setDesc, row.values(), row.nulls());
}

// The entries as they are at one moment, copied: nothing may raise while the lock is held.
const Entry* snapshot() {
    auto* entries = static_cast<Entry*>(palloc(sizeof(shared().entries)));
    LWLockAcquire(shared().lock, LW_SHARED);
    memcpy(entries, shared().entries, sizeof(shared().entries));
    LWLockRelease(shared().lock);
    return entries;
}

} // namespace

HELIX_FUNCTION(helix_secret_cache_status) {
    InitMaterializedSRF(fcinfo, 0);
    const auto* entries = snapshot();
    const TimestampTz now = GetCurrentTimestamp();
    for (std::size_t i = 0; i < most_entries; ++i) {
        if (entries[i].reference[0] != '\0') {
            put(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), entries[i], now);
        }
    }
    return Datum{0};
}

HELIX_FUNCTION(helix_forget_secret) {
    const auto reference = pg::text_view(pg::required(fcinfo, 0, "p_secret_ref"));
    PG_RETURN_BOOL(forget(reference));
}

} // namespace helix::secrets
