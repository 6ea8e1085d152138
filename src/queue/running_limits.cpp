// Limits of running executions: counting them at the claim, holding what finds no room, releasing it later.
#include "pg/prelude.hpp"

#include "queue/running_limits.hpp"

#include "config.hpp"
#include "pg/kept_rows.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "pg/values.hpp"
#include "queue/lane_changes.hpp"
#include "queue/turns.hpp"

extern "C" {
#include "common/hashfn.h"
#include "storage/lock.h"
}

namespace helix::queue {

namespace {

// The fourth field of an advisory lock's tag. SQL's functions use 1 and 2, budgets from 0x4801.
constexpr std::uint16_t lock_space = 0x4811;
constexpr const char* claim_timeout = "5ms";
constexpr const char* ending_timeout = "20ms"; // after that it is left to the task
constexpr const char* own_key = "";            // of the user's own limit
constexpr int most_released = 1000;

pg::Statement count_of_key(R"(
    SELECT pg_catalog.count(*)
      FROM (SELECT
              FROM helix_internal.queue
             WHERE user_id = $1 AND concurrency_key = $2 AND limited AND running
             LIMIT $3) r)",
                           {UUIDOID, TEXTOID, INT4OID});

pg::Statement count_of_user(R"(
    SELECT pg_catalog.count(*)
      FROM (SELECT
              FROM helix_internal.queue
             WHERE user_id = $1 AND limited AND running
             LIMIT $3) r)",
                            {UUIDOID, TEXTOID, INT4OID});

pg::Statement set_limited("UPDATE helix_internal.queue SET limited = true WHERE id = $1", {UUIDOID});

pg::Statement hold(R"(
    UPDATE helix_internal.queue
       SET running = false,
           attempt = attempt - 1,
           worker = NULL,
           lease_until = NULL,
           turn = NULL,
           held_key = $2
     WHERE id = $1)",
                   {UUIDOID, TEXTOID});

pg::Statement hold_ready_of_key(R"(
    WITH ready AS MATERIALIZED (
        SELECT r.id, r.turn
          FROM helix_internal.queue r
         WHERE r.user_id = $1 AND NOT r.limited AND r.concurrency_key = $2 AND r.turn IS NOT NULL AND NOT r.running
         LIMIT 1000
           FOR UPDATE SKIP LOCKED)
    UPDATE helix_internal.queue q
       SET turn = NULL,
           held_key = $2
      FROM ready r
     WHERE q.id = r.id
    RETURNING q.priority, q.operation_id, r.turn)",
                                {UUIDOID, TEXTOID});

pg::Statement hold_ready_of_user(R"(
    WITH ready AS MATERIALIZED (
        SELECT r.id, r.turn
          FROM helix_internal.queue r
         WHERE r.user_id = $1 AND r.turn IS NOT NULL AND NOT r.running
         LIMIT 1000
           FOR UPDATE SKIP LOCKED)
    UPDATE helix_internal.queue q
       SET turn = NULL,
           held_key = $2
      FROM ready r
     WHERE q.id = r.id
    RETURNING q.priority, q.operation_id, r.turn)",
                                 {UUIDOID, TEXTOID});
struct Held {
    enum : int { priority = 1, operation_id, turn };
};

pg::Statement select_held(R"(
    SELECT FROM helix_internal.queue
     WHERE user_id = $1 AND held_key = $2 AND NOT paused
     LIMIT 1)",
                          {UUIDOID, TEXTOID});

pg::Statement release(R"(
    UPDATE helix_internal.queue
       SET held_key = NULL
     WHERE id = ANY (ARRAY(
           SELECT h.id
             FROM helix_internal.queue h
            WHERE h.user_id = $1 AND h.held_key = $2 AND NOT h.paused
            ORDER BY h.priority DESC, h.ready_at
            LIMIT $3
              FOR UPDATE SKIP LOCKED))
    RETURNING priority, ready_at, operation_id)",
                      {UUIDOID, TEXTOID, INT4OID});

// The users and keys at whose limits something is held, after a user and a key: it reads one entry for each.
pg::Statement select_held_keys(R"(
    WITH RECURSIVE held AS (
        (SELECT q.user_id, q.held_key
           FROM helix_internal.queue q
          WHERE NOT q.paused AND q.held_key IS NOT NULL AND (q.user_id, q.held_key) > ($1, $2)
          ORDER BY q.user_id, q.held_key
          LIMIT 1)
        UNION ALL
        SELECT n.user_id, n.held_key
          FROM held h,
               LATERAL (SELECT q.user_id, q.held_key
                          FROM helix_internal.queue q
                         WHERE NOT q.paused AND q.held_key IS NOT NULL
                           AND (q.user_id, q.held_key) > (h.user_id, h.held_key)
                         ORDER BY q.user_id, q.held_key
                         LIMIT 1) n)
    SELECT h.user_id, h.held_key FROM held h LIMIT 200)",
                               {UUIDOID, TEXTOID});
struct HeldKey {
    enum : int { user_id = 1, held_key };
};
constexpr std::uint64_t keys_at_once = 200;
constexpr std::size_t longest_key_bytes = 1024; // 200 characters, and the end

int limit_of(std::string_view key) {
    const int limit = key.empty() ? config::max_running_per_user : config::max_running_per_key;
    return limit == 0 ? PG_INT32_MAX : limit;
}

// Whoever counts what runs of a key, or ends one, has its lock until their transaction ends.
bool lock_key(const pg_uuid_t& user, std::string_view key, const char* timeout) {
    const std::uint64_t hash =
        hash_bytes_extended(reinterpret_cast<const unsigned char*>(key.data()), static_cast<int>(key.size()),
                            hash_bytes_extended(user.data, UUID_LEN, 0));
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(hash),
                         lock_space);
    if (LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL) {
        return true;
    }
    return pg::try_for_lock(timeout, [&tag] { LockAcquire(&tag, ExclusiveLock, false, false); });
}

int room_of(const pg_uuid_t& user, Datum key) {
    const auto text = pg::text_view(key);
    const int limit = limit_of(text);
    const Datum values[] = {UUIDPGetDatum(&user), key, Int32GetDatum(limit)};
    (text.empty() ? count_of_user : count_of_key).execute_latest(values);
    return limit - static_cast<int>(DatumGetInt64(pg::only_column()));
}

void hold_ready(const pg_uuid_t& user, Datum key) {
    const Datum values[] = {UUIDPGetDatum(&user), key};
    const auto rows = (pg::text_view(key).empty() ? hold_ready_of_user : hold_ready_of_key).execute_latest(values);
    for (std::uint64_t row = 0; row < rows; ++row) {
        mark_taken(DatumGetInt16(pg::column(row, Held::priority)), pg::column(row, Held::operation_id),
                   DatumGetInt64(pg::column(row, Held::turn)));
    }
}

Room find_room_at(const pg_uuid_t& user, Datum key, const pg_uuid_t& execution) {
    if (!lock_key(user, pg::text_view(key), claim_timeout)) {
        return Room::unknown;
    }
    if (room_of(user, key) > 0) {
        return Room::free;
    }
    const Datum values[] = {UUIDPGetDatum(&execution), key};
    hold.execute_latest(values);
    hold_ready(user, key);
    return Room::full;
}

void release_held(const pg_uuid_t& user, Datum key, const char* timeout) {
    if (!lock_key(user, pg::text_view(key), timeout)) {
        return;
    }
    const int room = room_of(user, key);
    if (room > 0) {
        const Datum values[] = {UUIDPGetDatum(&user), key, Int32GetDatum(std::min(room, most_released))};
        mark_rows_ready(release.execute_latest(values));
    }
}

bool is_held_at(const pg_uuid_t& user, Datum key) {
    const Datum values[] = {UUIDPGetDatum(&user), key};
    return select_held.execute_latest(values) > 0;
}

} // namespace

bool has_running_limit(Datum concurrency_key) {
    return concurrency_key != 0 || config::max_running_per_user > 0;
}

Room find_room(const LimitScope& scope, const pg_uuid_t& execution) {
    Room room = Room::free;
    if (scope.concurrency_key != 0) {
        room = find_room_at(scope.user_id, scope.concurrency_key, execution);
    }
    if (room == Room::free && config::max_running_per_user > 0) {
        room = find_room_at(scope.user_id, CStringGetTextDatum(own_key), execution);
    }
    return room;
}

void count_as_running(const pg_uuid_t& execution) {
    const Datum id = UUIDPGetDatum(&execution);
    set_limited.execute_latest(&id);
}

const char* waits_at(const LimitScope& scope) {
    if (scope.concurrency_key != 0 && is_held_at(scope.user_id, scope.concurrency_key)) {
        return TextDatumGetCString(scope.concurrency_key);
    }
    return config::max_running_per_user > 0 && is_held_at(scope.user_id, CStringGetTextDatum(own_key)) ? own_key
                                                                                                       : nullptr;
}

void release_held_of(const LimitScope& scope) {
    if (scope.concurrency_key != 0) {
        release_held(scope.user_id, scope.concurrency_key, ending_timeout);
    }
    if (config::max_running_per_user > 0) {
        release_held(scope.user_id, CStringGetTextDatum(own_key), ending_timeout);
    }
}

void release_missed() {
    static pg_uuid_t last_user{};
    static char last_key[longest_key_bytes]{};
    const Datum after[] = {UUIDPGetDatum(&last_user), CStringGetTextDatum(last_key)};
    const auto held = pg::keep_rows(select_held_keys.execute(after));
    for (std::uint64_t row = 0; row < held.count; ++row) {
        const auto user = *DatumGetUUIDP(held[row].value(HeldKey::user_id));
        const Datum key = held[row].value(HeldKey::held_key);
        pg::try_for_lock(
            claim_timeout, [&user, key] { release_held(user, key, claim_timeout); }, pg::OnError::log);
    }
    const bool more = held.count == keys_at_once;
    last_user = more ? *DatumGetUUIDP(held[held.count - 1].value(HeldKey::user_id)) : pg_uuid_t{};
    strlcpy(last_key, more ? TextDatumGetCString(held[held.count - 1].value(HeldKey::held_key)) : "", sizeof(last_key));
}

} // namespace helix::queue
