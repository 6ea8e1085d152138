// Request ids: the table that makes a recording with the same request id count once.
#include "pg/prelude.hpp"

#include "ledger/request_ids.hpp"

#include "config.hpp"
#include "ledger/execution_ids.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/times.hpp"

namespace helix::ledger {

namespace {

constexpr std::int64_t most_forgotten_at_once = 10'000;
constexpr int attempts_to_remember = 3;

pg::Statement insert_request(R"(
    INSERT INTO helix_internal.request_ids (user_id, request_id, execution_id)
    VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING)",
                             {UUIDOID, TEXTOID, INT8OID});

pg::Statement select_request(R"(
    SELECT execution_id FROM helix_internal.request_ids WHERE user_id = $1 AND request_id = $2)",
                             {UUIDOID, TEXTOID});

pg::Statement delete_requests(R"(
    DELETE FROM helix_internal.request_ids
     WHERE ctid = ANY (ARRAY(SELECT r.ctid FROM helix_internal.request_ids r WHERE r.recorded_at < $1 LIMIT $2)))",
                              {TIMESTAMPTZOID, INT8OID});

// Returns how many it has forgotten.
std::int64_t forget_before(TimestampTz time) {
    const Datum values[] = {TimestampTzGetDatum(time), Int64GetDatum(most_forgotten_at_once)};
    pg::OwnerSpi spi;
    const auto forgotten = delete_requests.execute(values);
    spi.finish();
    return static_cast<std::int64_t>(forgotten);
}

// The beginning of the window that ends now.
TimestampTz window_before(TimestampTz now) {
    return now - static_cast<std::int64_t>(config::request_id_window_s) * USECS_PER_SEC;
}

} // namespace

RememberedRequest remember_request(const pg_uuid_t& user, std::string_view request_id) {
    const std::int64_t new_id = next_execution_id();
    const Datum values[] = {UUIDPGetDatum(&user), pg::text_datum(request_id), Int64GetDatum(new_id)};
    pg::OwnerSpi spi;
    // A conflicting row that is gone when it is looked up was forgotten in between: the next attempt inserts.
    for (int attempt = 0; attempt < attempts_to_remember; ++attempt) {
        if (insert_request.execute(values) == 1) {
            spi.finish();
            return {new_id, true};
        }
        if (select_request.execute(values) == 1) {
            const std::int64_t first_id = DatumGetInt64(pg::only_column());
            spi.finish();
            return {first_id, false};
        }
    }
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not settle a request id used concurrently"), errhint("Try again.")));
}

bool request_ids_task() {
    return forget_before(window_before(GetCurrentTimestamp())) == most_forgotten_at_once;
}

HELIX_FUNCTION(helix_forget_request_ids) {
    if (PG_ARGISNULL(0)) {
        PG_RETURN_INT64(0);
    }
    const TimestampTz now = pg::checked_time(PG_GETARG_TIMESTAMPTZ(0), "p_now");
    PG_RETURN_INT64(forget_before(window_before(now)));
}

} // namespace helix::ledger
