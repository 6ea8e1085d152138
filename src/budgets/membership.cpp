// Keeps the history of memberships, and looks into it.
#include "pg/prelude.hpp"

#include "budgets/membership.hpp"

#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"
#include "pg/uuid.hpp"

extern "C" {
#include "access/table.h"
#include "storage/bufmgr.h"
}

namespace helix::budgets {

namespace {

constexpr const char* tables[] = {"helix.budget_group_members"};
constexpr pg::TriggerRule rule{.function = "keep_membership",
                               .timing = pg::Timing::before,
                               .row_events = pg::on_insert | pg::on_update | pg::on_delete,
                               .relations = tables};

// A group that is being deleted takes its history along.
pg::Statement insert_past(R"(
    INSERT INTO helix_internal.past_memberships (group_id, user_id, joined_at, left_at)
    SELECT $1, $2, $3, $4
     WHERE $3 < $4 AND EXISTS (SELECT FROM helix.budget_groups g WHERE g.id = $1))",
                          {UUIDOID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID});

// $2 and $3: the bounds between which they are looked for.
pg::Statement select_changes(R"(
    SELECT FROM helix_internal.memberships m, LATERAL (VALUES (m.joined_at), (m.left_at)) c (at)
     WHERE m.user_id = $1 AND c.at > $2 AND c.at <= $3)",
                             {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID});

bool has_pages(Oid table) {
    Relation relation = table_open(table, AccessShareLock);
    const bool found = RelationGetNumberOfBlocks(relation) > 0;
    table_close(relation, AccessShareLock);
    return found;
}

bool has_memberships() {
    return has_pages(get_relname_relid("budget_group_members", get_namespace_oid("helix", false))) ||
           has_pages(pg::internal_relation("past_memberships"));
}

bool select_change(const pg_uuid_t& user, TimestampTz from, TimestampTz until) {
    const Datum values[] = {UUIDPGetDatum(&user), TimestampTzGetDatum(from), TimestampTzGetDatum(until)};
    pg::OwnerSpi spi;
    const bool found = select_changes.execute_latest(values) > 0;
    spi.finish();
    return found;
}

// What the statement that runs has found out: the user has no change since then. A call of many executions asks for few
// users, and mostly for the one before.
struct Unchanged {
    pg_uuid_t user;
    TimestampTz transaction; // in a procedure there may be several
    TimestampTz statement;
    CommandId command;
    TimestampTz since;
};
Unchanged unchanged{};

bool is_known_unchanged(const pg_uuid_t& user, TimestampTz from) {
    return unchanged.transaction == GetCurrentTransactionStartTimestamp() &&
           unchanged.statement == GetCurrentStatementStartTimestamp() &&
           unchanged.command == GetCurrentCommandId(false) && unchanged.since <= from &&
           pg::same_uuid(unchanged.user, user);
}

struct Member {
    Datum group_id;
    Datum user_id;
    TimestampTz joined_at;
};

Member member_of(const pg::TriggerRow& row) {
    bool is_null = false;
    return {row.value("group_id", &is_null), row.value("user_id", &is_null),
            DatumGetTimestampTz(row.value("joined_at", &is_null))};
}

void keep(const Member& member, TimestampTz left_at) {
    const Datum values[] = {member.group_id, member.user_id, TimestampTzGetDatum(member.joined_at),
                            TimestampTzGetDatum(left_at)};
    pg::OwnerSpi spi;
    insert_past.execute_latest(values);
    spi.finish();
}

// Whether the new row says a time of its own.
bool gives_time(const pg::TriggerRow& row, const pg::TriggerRow* before) {
    return row.text("joined_at") != nullptr &&
           (before == nullptr || pg::differs(before->text("joined_at"), row.text("joined_at")));
}

bool is_moved(const pg::TriggerRow& before, const pg::TriggerRow& after) {
    return pg::differs(before.text("group_id"), after.text("group_id")) ||
           pg::differs(before.text("user_id"), after.text("user_id"));
}

// The clock is read here: where somebody was reserving in the user's scope, define_limits() has waited for them.
HeapTuple changed_row(const TriggerData& trigger) {
    pg::TriggerRow row = pg::new_row(trigger);
    const TimestampTz now = GetCurrentTimestamp();
    if (TRIGGER_FIRED_BY_INSERT(trigger.tg_event)) {
        if (!gives_time(row, nullptr)) {
            row.set("joined_at", TimestampTzGetDatum(now), false);
        }
        return row.tuple;
    }
    const pg::TriggerRow before = pg::old_row(trigger);
    const bool moved = is_moved(before, row);
    const bool own_time = gives_time(row, &before);
    if (!own_time) {
        row.set("joined_at", TimestampTzGetDatum(moved ? now : member_of(before).joined_at), false);
    }
    if (moved) {
        keep(member_of(before), member_of(row).joined_at);
    }
    return row.tuple;
}

} // namespace

bool changed_groups(const pg_uuid_t& user, TimestampTz one, TimestampTz other) {
    const TimestampTz from = std::min(one, other);
    if (one == other || is_known_unchanged(user, from) || !has_memberships()) {
        return false;
    }
    if (select_change(user, from, DT_NOEND - 1)) {
        return select_change(user, from, std::max(one, other));
    }
    unchanged = {user, GetCurrentTransactionStartTimestamp(), GetCurrentStatementStartTimestamp(),
                 GetCurrentCommandId(false), from};
    return false;
}

HELIX_FUNCTION(helix_keep_membership) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    if (TRIGGER_FIRED_BY_DELETE(trigger.tg_event)) {
        keep(member_of(pg::old_row(trigger)), GetCurrentTimestamp());
        return PointerGetDatum(trigger.tg_trigtuple);
    }
    return PointerGetDatum(changed_row(trigger));
}

} // namespace helix::budgets
