// The locks of budgets, in memory: scopes, hard limits, and the tree of groups.
#include "pg/prelude.hpp"

#include "budgets/locks.hpp"

#include "budgets/budget_planning.hpp"
#include "pg/spi.hpp"

#include <cstring>

extern "C" {
#include "common/hashfn.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/resowner.h"
}

namespace helix::budgets {

namespace {

// The fourth field of an advisory lock's tag. SQL's functions use 1 and 2, so nobody else takes these.
enum Space : std::uint16_t { scopes = 0x4801, limits = 0x4802, tree = 0x4803 };

// Many scopes share one lock, so that a transaction of many users holds few locks.
constexpr std::uint64_t scope_locks = 1024;

pg::Statement select_groups(R"(
    SELECT DISTINCT g.id
      FROM pg_catalog.unnest($1) w (user_id), LATERAL helix_internal.groups_of(w.user_id) g
     ORDER BY 1)",
                            {UUIDARRAYOID});

pg::Statement select_limits(R"(
    SELECT DISTINCT l.id, l.hard
      FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3))
               w (user_id, operation_id, metadata),
           LATERAL helix_internal.limits_of(w.user_id, w.operation_id, w.metadata) l
     ORDER BY 1)",
                            {UUIDARRAYOID, TEXTARRAYOID, JSONBARRAYOID});
struct Limit {
    enum : int { id = 1, hard };
};

std::uint64_t key_of(const pg_uuid_t& id) {
    return hash_bytes_extended(id.data, UUID_LEN, 0);
}

LOCKTAG tag_of(Space space, std::uint64_t key) {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key),
                         space);
    return tag;
}

void lock(Space space, std::uint64_t key, LOCKMODE mode) {
    const LOCKTAG tag = tag_of(space, key);
    LockAcquire(&tag, mode, false, false);
}

void share_scope(const pg_uuid_t& id) {
    lock(scopes, key_of(id) % scope_locks, ShareLock);
}

// The users' scopes are shared already, so nobody can put one of the users into another group meanwhile.
void share_groups(Datum users) {
    if (select_groups.execute_latest(&users) == 0) {
        return;
    }
    lock(tree, 0, ShareLock);
    const auto rows = select_groups.execute_latest(&users);
    for (std::uint64_t row = 0; row < rows; ++row) {
        share_scope(*DatumGetUUIDP(pg::only_column(row)));
    }
}

Datum array_of(Datum* values, bool* nulls, int count, Oid type) {
    std::int16_t length = 0;
    bool by_value = false;
    char alignment = 0;
    int lower_bound = 1;
    get_typlenbyvalalign(type, &length, &by_value, &alignment);
    return PointerGetDatum(
        construct_md_array(values, nulls, 1, &count, &lower_bound, type, length, by_value, alignment));
}

} // namespace

LockedLimits lock_limits(const Wanted* wanted, int count) {
    plan_by_index();
    auto* users = static_cast<Datum*>(palloc(sizeof(Datum) * count));
    auto* operations = static_cast<Datum*>(palloc(sizeof(Datum) * count));
    auto* metadata = static_cast<Datum*>(palloc(sizeof(Datum) * count));
    auto* without = static_cast<bool*>(palloc(sizeof(bool) * count));
    for (int i = 0; i < count; ++i) {
        users[i] = UUIDPGetDatum(&wanted[i].user_id);
        operations[i] = wanted[i].operation_id;
        metadata[i] = wanted[i].metadata;
        without[i] = wanted[i].has_no_metadata();
        share_scope(wanted[i].user_id);
    }
    const Datum values[] = {array_of(users, nullptr, count, UUIDOID), array_of(operations, nullptr, count, TEXTOID),
                            array_of(metadata, without, count, JSONBOID)};
    share_groups(values[0]);
    const auto rows = select_limits.execute_latest(values);
    LockedLimits locked{rows > 0, 0, static_cast<std::uint64_t*>(palloc(sizeof(std::uint64_t) * (rows + 1)))};
    for (std::uint64_t row = 0; row < rows; ++row) {
        if (DatumGetBool(pg::column(row, Limit::hard))) {
            const auto key = key_of(*DatumGetUUIDP(pg::column(row, Limit::id)));
            lock(limits, key, ExclusiveLock);
            locked.keys[locked.count++] = key;
        }
    }
    return locked;
}

// The subtransaction that took the locks has left them to its parent, whose resource owner gives them back.
void unlock_limits(const LockedLimits& locked) {
    const ResourceOwner own = CurrentResourceOwner;
    CurrentResourceOwner = CurTransactionResourceOwner;
    for (int i = 0; i < locked.count; ++i) {
        const LOCKTAG tag = tag_of(limits, locked.keys[i]);
        LockRelease(&tag, ExclusiveLock, false);
    }
    CurrentResourceOwner = own;
}

void lock_scope(const pg_uuid_t& id) {
    lock(scopes, key_of(id) % scope_locks, ExclusiveLock);
}

void lock_tree() {
    lock(tree, 0, ExclusiveLock);
}

} // namespace helix::budgets
