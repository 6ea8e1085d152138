// Checks what a user may queue: priorities, sizes, and how many executions.
#include "pg/prelude.hpp"

#include "queue/queue_limits.hpp"

#include "config.hpp"
#include "pg/spi.hpp"
#include "pg/uuid.hpp"
#include "queue/enqueue.hpp"
#include "queue/queue_planning.hpp"

extern "C" {
#include "access/detoast.h"
#include "common/hashfn.h"
}

namespace helix::queue {

namespace {

constexpr int known_users = 64;
constexpr int share = 16; // this session may use a sixteenth of what is left until it counts again
constexpr std::int64_t known_for_us = USECS_PER_SEC;

pg::Statement count_queued(R"(
    SELECT pg_catalog.count(*)
      FROM (SELECT FROM helix_internal.queue WHERE user_id = $1 LIMIT $2) q)",
                           {UUIDOID, INT4OID});

// How many executions of a user this session may queue without counting again.
struct Room {
    pg_uuid_t user;
    int limit; // by which it was counted
    TimestampTz until;
    int left;
};
Room rooms[known_users];

Room& room_of(const pg_uuid_t& user) {
    return rooms[DatumGetUInt32(hash_any(user.data, UUID_LEN)) % known_users];
}

// How many executions wait or run, counted up to the limit and no further.
int queued_of(const pg_uuid_t& user) {
    plan_by_index();
    const Datum values[] = {UUIDPGetDatum(&user), Int32GetDatum(config::max_queued_per_user)};
    count_queued.execute_latest(values);
    return static_cast<int>(DatumGetInt64(pg::only_column()));
}

} // namespace

void check_priority(const callers::Rights& rights, int priority) {
    if (priority > config::max_user_priority && !rights.for_anyone) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("p_priority is higher than a user may give"),
                        errdetail("It is %d.", priority),
                        errhint("Pass 1 to %d (helix.max_user_priority), or call as a service role.",
                                config::max_user_priority)));
    }
}

void check_payload(Datum payload, int position) {
    const Size size = payload == 0 ? 0 : toast_raw_datum_size(payload) - VARHDRSZ;
    if (size > static_cast<Size>(config::max_payload_size)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s too large", position == 0 ? "p_payload is" : "the parameters of an operation are"),
                        position == 0 ? errdetail("It has %zu bytes as jsonb.", size)
                                      : errdetail("Operation %d has %zu bytes of them as jsonb.", position, size),
                        errhint("At most %d bytes are taken (helix.max_payload_size).", config::max_payload_size)));
    }
}

void check_room(const pg_uuid_t& user, int more) {
    if (!has_room(user, more)) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("too many executions of the user wait or run"),
                 errdetail("%d would be added.", more),
                 errhint("At most %d may (helix.max_queued_per_user): wait until some have ended, or cancel some.",
                         config::max_queued_per_user)));
    }
}

bool has_room(const pg_uuid_t& user, int more) {
    const int limit = config::max_queued_per_user;
    Room& room = room_of(user);
    const TimestampTz now = GetCurrentTimestamp();
    if (limit == 0) {
        return true;
    }
    if (pg::same_uuid(room.user, user) && limit == room.limit && now < room.until && more <= room.left) {
        room.left -= more;
        return true;
    }
    const int left = limit - queued_of(user) - more;
    room = {user, limit, now + known_for_us, left / share};
    return left >= 0;
}

} // namespace helix::queue
