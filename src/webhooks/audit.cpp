// Writes helix.webhook_secret_audits after a schedule's secret has changed.
#include "pg/prelude.hpp"

#include "webhooks/audit.hpp"

#include "callers/caller.hpp"
#include "core/error.hpp"
#include "core/webhooks/key.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "secrets/secrets.hpp"

#include <cstring>

namespace helix::webhooks {

namespace {

constexpr const char* tables[] = {"helix_internal.operation_schedules"};
constexpr pg::TriggerRule rule{.function = "audit_webhook_secret",
                               .timing = pg::Timing::after,
                               .row_events = pg::on_insert | pg::on_update | pg::on_delete,
                               .relations = tables};

const char* current_reason = nullptr;

pg::Statement insert_audit(
    "INSERT INTO helix.webhook_secret_audits (user_id, schedule_id, secret_ref, action, old_hash, new_hash, "
    "performed_by, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    {UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, NAMEOID, TEXTOID});

// Null where there is no such secret.
struct SecretChange {
    const char* action; // created, rotated, revoked
    const char* old_ref;
    const char* new_ref;
};

struct Fingerprint {
    char digits[9]; // empty: the secret could not be loaded
};

// Plain data out, so that PostgreSQL may longjmp past it afterwards.
Fingerprint fingerprint_of(const char* reference, const pg_uuid_t& schedule_id) {
    Fingerprint result{};
    if (reference == nullptr) {
        return result;
    }
    try {
        const Secret secret = secrets::read(reference);
        const std::string digits =
            fingerprint(without_margins(secret.view()),
                        {reinterpret_cast<const char*>(schedule_id.data), sizeof(schedule_id.data)});
        strlcpy(result.digits, digits.c_str(), sizeof(result.digits));
    } catch (const Error&) { // an audit without a fingerprint is better than none
    }
    return result;
}

// Loads both secrets for their fingerprints, which take a fifth of a second each.
void write_audit(Datum schedule_id, const pg_uuid_t& user_id, const SecretChange& change) {
    const pg_uuid_t& id = *DatumGetUUIDP(schedule_id);
    const Fingerprint old_hash = fingerprint_of(change.old_ref, id);
    const Fingerprint new_hash = fingerprint_of(change.new_ref, id);
    const auto or_null = [](const Fingerprint& hash) { return *hash.digits == '\0' ? nullptr : hash.digits; };
    pg::Values values;
    values.add_uuid(&user_id).add(schedule_id).add_text(change.new_ref == nullptr ? change.old_ref : change.new_ref);
    values.add_text(change.action).add_text(or_null(old_hash)).add_text(or_null(new_hash));
    values.add(DirectFunctionCall1(namein, CStringGetDatum(GetUserNameFromId(GetOuterUserId(), false))));
    values.add_text(current_reason);
    insert_audit.execute(values.values(), values.letters());
}

// The references that a schedule's calls verify by; null: none.
struct Held {
    const char* current = nullptr;
    const char* previous = nullptr;
};

Held held_by(const pg::TriggerRow& row) {
    bool is_null = false;
    const Datum until = row.value("previous_secret_until", &is_null);
    const bool overlaps = !is_null && DatumGetTimestampTz(until) > GetCurrentTimestamp();
    return {row.text("webhook_secret_ref"), overlaps ? row.text("previous_secret_ref") : nullptr};
}

// Before it is read for its fingerprint.
void check_new_reference(const char* reference, const pg_uuid_t& user_id) {
    secrets::check_reference(reference);
    const char* user = pg::uuid_text(user_id);
    if (!callers::acts_for_anyone() && !secrets::is_allowed(reference, user)) {
        throw Error(sqlstate::insufficient_privilege, "permission denied for this secret",
                    std::string("It is \"") + reference + "\".",
                    "Name one that helix.user_secrets allows, or have a service role set it.");
    }
}

void audit(const TriggerData& trigger) {
    const Held before = TRIGGER_FIRED_BY_INSERT(trigger.tg_event) ? Held{} : held_by(pg::old_row(trigger));
    const Held after = TRIGGER_FIRED_BY_DELETE(trigger.tg_event) ? Held{} : held_by(pg::new_row(trigger));
    const pg::TriggerRow row = pg::new_row(trigger);
    bool is_null = false;
    const Datum id = row.value("id", &is_null);
    const pg_uuid_t user_id = *DatumGetUUIDP(row.value("user_id", &is_null));
    if (after.current != nullptr && pg::differs(before.current, after.current)) {
        check_new_reference(after.current, user_id);
    }
    pg::OwnerSpi spi;
    if (pg::differs(before.current, after.current)) {
        const char* action = before.current == nullptr ? "created" : after.current == nullptr ? "revoked" : "rotated";
        write_audit(id, user_id, {.action = action, .old_ref = before.current, .new_ref = after.current});
    }
    if (before.previous != nullptr && pg::differs(before.previous, after.previous) &&
        pg::differs(before.previous, after.current)) {
        write_audit(id, user_id, {.action = "revoked", .old_ref = before.previous, .new_ref = nullptr});
    }
    spi.finish();
}

} // namespace

AuditReason::AuditReason(const char* reason) {
    current_reason = reason;
}

AuditReason::~AuditReason() {
    current_reason = nullptr;
}

HELIX_FUNCTION(helix_audit_webhook_secret) {
    audit(pg::checked_trigger(fcinfo, rule));
    return PointerGetDatum(nullptr);
}

} // namespace helix::webhooks
