// What a schedule says of its webhook, in one look-up, and the queueing of a call.
#include "pg/prelude.hpp"

#include "webhooks/endpoint.hpp"

#include "core/webhooks/signed_content.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"
#include "queue/enqueue.hpp"
#include "webhooks/payload.hpp"

namespace helix::webhooks {

namespace {

constexpr const char* tables[] = {"helix_internal.operation_schedules"};
constexpr pg::TriggerRule rule{.function = "check_webhook",
                               .timing = pg::Timing::after,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = tables};

// LIMIT keeps the planner from a hash join, which costs twice as much to set up as both lookups.
pg::Statement select_endpoint(R"(
    SELECT s.user_id, s.operation_id, s.schedule_type, s.enabled, s.overlap, s.max_attempts, s.run_as,
           s.webhook_secret_ref, s.previous_secret_ref, s.previous_secret_until, s.webhook_max_age, s.webhook_max_ahead,
           s.webhook_rate_limit, s.webhook_url, c.*
      FROM helix_internal.operation_schedules s
           CROSS JOIN LATERAL (SELECT )" HELIX_SCHEME_COLUMNS R"(
                                 FROM helix.webhook_schemes c WHERE c.name = s.webhook_scheme LIMIT 1) c
     WHERE s.id = $1)",
                              {UUIDOID});
struct Column { // of select_endpoint
    enum : int {
        user_id = 1,
        operation_id,
        schedule_type,
        enabled,
        overlap,
        max_attempts,
        run_as,
        secret_ref,
        previous_secret_ref,
        previous_secret_until,
        max_age,
        max_ahead,
        rate_limit,
        url,
        first_of_scheme
    };
};

const char* text_or_null(int number) {
    bool is_null = false;
    const Datum value = pg::column(0, number, &is_null);
    return is_null ? nullptr : TextDatumGetCString(value);
}

const char* previous_reference() {
    bool is_null = false;
    const Datum until = pg::column(0, Column::previous_secret_until, &is_null);
    return is_null || DatumGetTimestampTz(until) <= GetCurrentTimestamp() ? nullptr
                                                                          : text_or_null(Column::previous_secret_ref);
}

// At most a day, as the table's checks say.
std::int64_t seconds(int number) {
    const Interval* interval = DatumGetIntervalP(pg::column(0, number));
    const std::int64_t days = static_cast<std::int64_t>(interval->month) * DAYS_PER_MONTH + interval->day;
    return days * SECS_PER_DAY + interval->time / USECS_PER_SEC;
}

int rate_limit(int number) {
    bool is_null = false;
    const Datum value = pg::column(0, number, &is_null);
    return is_null ? 0 : DatumGetInt32(value);
}

} // namespace

Endpoint find_endpoint(const pg_uuid_t& schedule_id) {
    Endpoint endpoint{};
    endpoint.schedule_id = schedule_id;
    endpoint.scheme.core.signed_content = "{body}";
    endpoint.scheme.signature.header = "x-webhook-signature";
    endpoint.url = "";
    const Datum id = UUIDPGetDatum(&schedule_id);
    if (select_endpoint.execute(&id) == 0) {
        return endpoint;
    }
    endpoint.known = true;
    endpoint.user_id = *DatumGetUUIDP(pg::column(0, Column::user_id));
    endpoint.operation_id = pg::column(0, Column::operation_id);
    endpoint.is_webhook = pg::text_view(pg::column(0, Column::schedule_type)) == "webhook";
    endpoint.enabled = DatumGetBool(pg::column(0, Column::enabled));
    endpoint.one_at_a_time = pg::text_view(pg::column(0, Column::overlap)) == "queue";
    endpoint.max_attempts = DatumGetInt32(pg::column(0, Column::max_attempts));
    endpoint.run_as = NameStr(*DatumGetName(pg::column(0, Column::run_as)));
    endpoint.secret_refs[0] = text_or_null(Column::secret_ref);
    endpoint.secret_refs[1] = previous_reference();
    endpoint.tolerance = {seconds(Column::max_age), seconds(Column::max_ahead)};
    endpoint.rate_limit = rate_limit(Column::rate_limit);
    const char* url = text_or_null(Column::url);
    endpoint.url = url == nullptr ? "" : url;
    endpoint.scheme = read_scheme(Column::first_of_scheme);
    return endpoint;
}

pg_uuid_t enqueue(const Endpoint& endpoint, std::string_view body, Datum headers) {
    queue::NewExecution execution{
        .user_id = endpoint.user_id, .operation_id = endpoint.operation_id, .schedule_id = &endpoint.schedule_id};
    execution.run_as = endpoint.run_as;
    execution.triggered_by = "webhook";
    execution.max_attempts = endpoint.max_attempts;
    execution.payload = payload_of(body);
    execution.headers = headers;
    execution.waits = endpoint.one_at_a_time && queue::must_wait(endpoint.schedule_id);
    return queue::enqueue(execution);
}

// Such a webhook could never verify a call.
HELIX_FUNCTION(helix_check_webhook) {
    const auto row = pg::new_row(pg::checked_trigger(fcinfo, rule));
    const char* name = row.text("webhook_scheme");
    pg::OwnerSpi spi;
    const Scheme scheme = find_scheme(CStringGetTextDatum(name));
    if (signs(scheme.core.signed_content, Mark::url)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the webhook's scheme signs the address"),
                        errdetail("The scheme is \"%s\", and webhook_url is null.", name),
                        errhint("Set webhook_url to the address that the sender calls, as it is written there.")));
    }
    spi.finish();
    return PointerGetDatum(nullptr);
}

} // namespace helix::webhooks
