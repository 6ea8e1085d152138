// Giving a schedule's webhook another secret, or none. The trigger on the schedule writes the audit.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "core/error.hpp"
#include "pg/bounds.hpp"
#include "pg/guard.hpp"
#include "pg/intervals.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "secrets/secrets.hpp"
#include "webhooks/audit.hpp"
#include "webhooks/endpoint.hpp"
#include "webhooks/response.hpp"

namespace helix::webhooks {

namespace {

pg::Statement select_owner("SELECT user_id FROM helix_internal.operation_schedules WHERE id = $1", {UUIDOID});
pg::Statement lock_schedule(R"(
    SELECT user_id, schedule_type = 'webhook', webhook_secret_ref,
           CASE WHEN previous_secret_until > pg_catalog.clock_timestamp() THEN previous_secret_ref END, run_as
      FROM helix_internal.operation_schedules
     WHERE id = $1
       FOR NO KEY UPDATE)",
                            {UUIDOID});
struct Locked { // the columns of lock_schedule
    enum : int { user_id = 1, is_webhook, current, previous, run_as };
};

pg::Statement rotate(R"(
    UPDATE helix_internal.operation_schedules SET
           webhook_secret_ref = $2,
           previous_secret_ref = webhook_secret_ref,
           previous_secret_until = CASE WHEN webhook_secret_ref IS NOT NULL
                                        THEN pg_catalog.clock_timestamp() + $3 END,
           run_as = $4
     WHERE id = $1)",
                     {UUIDOID, TEXTOID, INTERVALOID, NAMEOID});
pg::Statement drop_current(R"(
    UPDATE helix_internal.operation_schedules SET webhook_secret_ref = NULL WHERE id = $1)",
                           {UUIDOID});
pg::Statement drop_previous(R"(
    UPDATE helix_internal.operation_schedules SET previous_secret_ref = NULL, previous_secret_until = NULL
     WHERE id = $1)",
                            {UUIDOID});

struct RotateArgument {
    enum : int { schedule_id, new_secret_ref, overlap, reason };
};

struct RevokeArgument {
    enum : int { schedule_id, secret_ref, reason };
};

// Plain data in SPI's memory; null: there is none.
struct Secrets {
    pg_uuid_t user_id;
    bool is_webhook;
    const char* current;
    const char* previous;
    const char* run_as; // from now on: who knows the secret chooses the payload
};

Secrets lock_secrets(Datum schedule_id, const callers::Rights& rights) {
    rights.check_may_use(select_owner, &schedule_id, "schedule", *DatumGetUUIDP(schedule_id));
    if (lock_schedule.execute_latest(&schedule_id) == 0) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("unknown schedule"),
                        errdetail("It is %s.", pg::uuid_text(schedule_id)),
                        errhint("helix.operation_schedules lists the schedules.")));
    }
    const auto reference = [](int number) -> const char* {
        bool is_null = false;
        const Datum value = pg::column(0, number, &is_null);
        return is_null ? nullptr : TextDatumGetCString(value);
    };
    const Secrets secrets{.user_id = *DatumGetUUIDP(pg::column(0, Locked::user_id)),
                          .is_webhook = DatumGetBool(pg::column(0, Locked::is_webhook)),
                          .current = reference(Locked::current),
                          .previous = reference(Locked::previous),
                          .run_as = rights.run_as(NameStr(*DatumGetName(pg::column(0, Locked::run_as))))};
    rights.check_may_use(secrets.user_id, "schedule", *DatumGetUUIDP(schedule_id));
    return secrets;
}

void check_rotation(const Secrets& secrets, Datum schedule_id, const char* reference) {
    if (!secrets.is_webhook) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the schedule is no webhook"),
                 errdetail("It is %s.", pg::uuid_text(schedule_id)), errhint("Set its schedule_type to webhook.")));
    }
    if (secrets.current != nullptr && std::string_view(secrets.current) == reference) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the schedule has this secret already"),
                 errdetail("It is \"%s\".", reference),
                 errhint("Store the new secret under a reference of its own: the old one has to verify meanwhile.")));
    }
}

// A secret that cannot be loaded, or not be read by the scheme, would shut the webhook.
void check_usable(const Datum schedule_id, const char* reference) {
    const Endpoint endpoint = find_endpoint(*DatumGetUUIDP(schedule_id));
    check_key(endpoint.scheme.core, secrets::read(reference).view());
}

// Users get one answer, and at the same time, to what is no reference, not for them, unknown, or not written as the
// scheme wants it: it says nothing about a secret.
void check_usable_by(const pg_uuid_t& user_id, Datum schedule_id, const char* reference, TimestampTz called_at) {
    try {
        const char* user = pg::call([&] { return pg::uuid_text(user_id); });
        if (secrets::is_allowed(reference, user)) {
            check_usable(schedule_id, reference);
            return;
        }
    } catch (const Error&) { // what it says is for service roles
    }
    wait_to_refuse(called_at);
    throw Error(sqlstate::secret_unavailable, "secret unavailable",
                "There is no such secret, or it is not yours to use, or not written as the schedule's scheme wants it.",
                "Ask whoever runs the server for a reference that you may use.");
}

void change(const Datum* values, const char* reason) {
    const AuditReason why(reason);
    pg::call([&] { rotate.execute(values); });
}

int revoke(Datum schedule_id, const Secrets& secrets, const char* only, const char* reason) {
    const AuditReason why(reason);
    const auto meant = [&](const char* reference) {
        return reference != nullptr && (only == nullptr || std::string_view(reference) == only);
    };
    int count = 0;
    if (meant(secrets.previous)) {
        pg::call([&] { drop_previous.execute(&schedule_id); });
        ++count;
    }
    if (meant(secrets.current)) {
        pg::call([&] { drop_current.execute(&schedule_id); });
        ++count;
    }
    return count;
}

} // namespace

HELIX_FUNCTION(helix_rotate_webhook_secret) {
    pg::check_text_argument(fcinfo, RotateArgument::new_secret_ref, "p_new_secret_ref", 500);
    pg::check_text_argument(fcinfo, RotateArgument::reason, "p_reason", pg::longest_reason);
    const Datum schedule_id = pg::required(fcinfo, RotateArgument::schedule_id, "p_schedule_id");
    const char* reference =
        TextDatumGetCString(pg::required(fcinfo, RotateArgument::new_secret_ref, "p_new_secret_ref"));
    pg::interval_argument(fcinfo, RotateArgument::overlap, "p_overlap", 0, 30 * USECS_PER_DAY);
    const TimestampTz called_at = GetCurrentTimestamp();
    const auto rights = callers::rights();
    if (rights.for_anyone) {
        secrets::check_reference(reference);
    }
    const char* reason =
        PG_ARGISNULL(RotateArgument::reason) ? nullptr : TextDatumGetCString(PG_GETARG_DATUM(RotateArgument::reason));
    pg::OwnerSpi spi;
    const auto secrets = lock_secrets(schedule_id, rights);
    check_rotation(secrets, schedule_id, reference);
    if (rights.for_anyone) {
        check_usable(schedule_id, reference);
    } else {
        check_usable_by(secrets.user_id, schedule_id, reference, called_at);
    }
    const Datum values[] = {schedule_id, CStringGetTextDatum(reference), PG_GETARG_DATUM(RotateArgument::overlap),
                            DirectFunctionCall1(namein, CStringGetDatum(secrets.run_as))};
    change(values, reason);
    spi.finish();
    PG_RETURN_VOID();
}

HELIX_FUNCTION(helix_revoke_webhook_secret) {
    pg::check_text_argument(fcinfo, RevokeArgument::reason, "p_reason", pg::longest_reason);
    const Datum schedule_id = pg::required(fcinfo, RevokeArgument::schedule_id, "p_schedule_id");
    const char* only = PG_ARGISNULL(RevokeArgument::secret_ref)
                           ? nullptr
                           : TextDatumGetCString(PG_GETARG_DATUM(RevokeArgument::secret_ref));
    const auto rights = callers::rights();
    const char* reason =
        PG_ARGISNULL(RevokeArgument::reason) ? nullptr : TextDatumGetCString(PG_GETARG_DATUM(RevokeArgument::reason));
    pg::OwnerSpi spi;
    const int count = revoke(schedule_id, lock_secrets(schedule_id, rights), only, reason);
    spi.finish();
    PG_RETURN_INT32(count);
}

} // namespace helix::webhooks
