// Gives executions their turns: at once when they are queued, or when their time has come.
#include "pg/prelude.hpp"

#include "queue/turns.hpp"

#include "pg/kept_rows.hpp"
#include "pg/relations.hpp"
#include "pg/spi.hpp"
#include "queue/lane_changes.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "common/hashfn.h"
#include "executor/tuptable.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
}

namespace helix::queue {

namespace {

constexpr int arrival_bits = 20;
constexpr std::int64_t lag = 16; // turns that an operation may lie behind the others' before its queue is looked at
constexpr int known_users = 64;

pg::Statement select_due(R"(
    SELECT id, user_id, operation_id, ready_at
      FROM helix_internal.queue
     WHERE priority = $1 AND turn IS NULL AND held_key IS NULL AND NOT paused
       AND ready_at >= $2 AND ready_at <= $3 AND NOT running
     ORDER BY ready_at
     LIMIT 100
       FOR UPDATE SKIP LOCKED)",
                         {INT2OID, TIMESTAMPTZOID, TIMESTAMPTZOID});
struct Due {
    enum : int { id = 1, user_id, operation_id, ready_at };
};
constexpr std::uint64_t due_at_once = 100;

pg::Statement set_turn("UPDATE helix_internal.queue SET turn = $2 WHERE id = $1", {UUIDOID, INT8OID});

pg::Statement select_first_ready(R"(
    SELECT turn
      FROM helix_internal.queue
     WHERE priority = $1 AND turn >= $2 AND turn > 0 AND NOT running
     ORDER BY turn
     LIMIT 1)",
                                 {INT2OID, INT8OID});

pg::Statement select_first_later(R"(
    SELECT ready_at
      FROM helix_internal.queue
     WHERE priority = $1 AND turn IS NULL AND held_key IS NULL AND NOT paused
       AND ready_at >= $2 AND ready_at < 'infinity' AND NOT running
     ORDER BY ready_at
     LIMIT 1)",
                                 {INT2OID, TIMESTAMPTZOID});

struct Ready {
    enum : int { priority = 1, ready_at, operation_id };
};

std::int64_t number_of(Lane::Place turn) {
    return turn >> arrival_bits;
}

// The turn of the first row in the direction, by an index that ends with the turn. It reads what others have not
// committed yet: users who queue in many sessions at once get one turn after the other too. `keys` are the conditions
// but for the last.
std::optional<Lane::Place> turn_in_index(const char* name, std::span<ScanKeyData> keys, ScanDirection direction) {
    Relation queue = table_open(pg::internal_relation("queue"), AccessShareLock);
    Relation index = index_open(pg::internal_relation(name), AccessShareLock);
    TupleTableSlot* row = table_slot_create(queue, nullptr);
    SnapshotData snapshot{};
    InitDirtySnapshot(snapshot);
    for (auto& key : keys) {
        key.sk_collation = index->rd_indcollation[key.sk_attno - 1];
    }
    IndexScanDesc scan = pg::begin_index_scan(queue, index, &snapshot, static_cast<int>(keys.size()));
    index_rescan(scan, keys.data(), static_cast<int>(keys.size()), nullptr, 0);
    std::optional<Lane::Place> turn;
    if (index_getnext_slot(scan, direction, row)) {
        bool is_null = false;
        turn = DatumGetInt64(slot_getattr(row, get_attnum(RelationGetRelid(queue), "turn"), &is_null));
    }
    index_endscan(scan);
    ExecDropSingleTupleTableSlot(row);
    index_close(index, NoLock); // what follows writes into both
    table_close(queue, NoLock);
    return turn;
}

ScanKeyData equal(int column, RegProcedure procedure, Datum value) {
    ScanKeyData key;
    ScanKeyInit(&key, static_cast<AttrNumber>(column), BTEqualStrategyNumber, procedure, value);
    return key;
}

ScanKeyData at_least(int column, Lane::Place turn) {
    ScanKeyData key;
    ScanKeyInit(&key, static_cast<AttrNumber>(column), BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(turn));
    return key;
}

ScanKeyData priority_is(int column, int priority) {
    return equal(column, F_INT2EQ, Int16GetDatum(static_cast<std::int16_t>(priority)));
}

std::optional<Lane::Place> first_of_operation(Datum operation_id, int priority, std::int64_t after) {
    ScanKeyData keys[] = {equal(1, F_TEXTEQ, operation_id), priority_is(2, priority),
                          at_least(3, place_of_turn(after + 1))};
    return turn_in_index("queue_operation", keys, ForwardScanDirection);
}

// The last turn that this session gave a user.
struct Given {
    pg_uuid_t user;
    int priority;
    Lane::Place turn;
};
Given given[known_users];

Given& given_to(const pg_uuid_t& user, int priority) {
    Given& known =
        given[(DatumGetUInt32(hash_any(user.data, UUID_LEN)) + static_cast<unsigned>(priority)) % known_users];
    if (known.priority != priority || memcmp(&known.user, &user, sizeof(user)) != 0) {
        known = {user, priority, 0};
    }
    return known;
}

std::optional<Lane::Place> last_of_user_from(const pg_uuid_t& user, int priority, Lane::Place from) {
    ScanKeyData keys[] = {equal(1, F_UUID_EQ, UUIDPGetDatum(&user)), priority_is(2, priority), at_least(3, from)};
    return turn_in_index("queue_user", keys, BackwardScanDirection);
}

// The user's last turn after the current one. A scan reads all of a page that lies in its range. So it begins at the
// turn that this session gave last, and once more where that has left the queue.
std::optional<Lane::Place> last_of_user(const pg_uuid_t& user, int priority, std::int64_t current) {
    const Lane::Place from = place_of_turn(current + 1);
    const Lane::Place known = given_to(user, priority).turn;
    const auto last = known > from ? last_of_user_from(user, priority, known) : std::nullopt;
    return last ? last : last_of_user_from(user, priority, from);
}

// After a start of the server the first that is ready says how far the turns are.
std::int64_t known_current_turn(int priority) {
    const auto current = current_turn(priority);
    if (current >= 0) {
        return current;
    }
    ScanKeyData keys[] = {priority_is(1, priority), at_least(2, 0)};
    const auto first = turn_in_index("queue_turn", keys, ForwardScanDirection);
    const std::int64_t found = first ? number_of(*first) - 1 : 0;
    raise_current_turn(priority, nullptr, found);
    return found;
}

// Slower operations have turns of their own: what is ready of them lies behind what others' workers have claimed. One
// that has nothing ready is where the others are.
std::int64_t turn_of_operation(int priority, Datum operation_id) {
    const std::int64_t common = known_current_turn(priority);
    OperationLanes* const operation = lanes_of_operation(operation_id);
    if (operation == nullptr) {
        const auto first = first_of_operation(operation_id, priority, -1);
        return std::min(common, first ? number_of(*first) - 1 : common);
    }
    const std::int64_t own = current_turn(priority, operation);
    if (own >= common - lag) {
        return own;
    }
    const auto first = first_of_operation(operation_id, priority, own);
    const std::int64_t current = std::min(common, first ? number_of(*first) - 1 : common);
    raise_current_turn(priority, operation, current);
    return current;
}

} // namespace

Lane::Place place_of_turn(std::int64_t number) {
    return number << arrival_bits;
}

Lane::Place next_turn(const pg_uuid_t& user, int priority, Datum operation_id) {
    const std::int64_t current = turn_of_operation(priority, operation_id);
    const auto last = last_of_user(user, priority, current);
    const std::int64_t number = std::max(current, last ? number_of(*last) : 0) + 1;
    const auto turn = place_of_turn(number) | static_cast<Lane::Place>(next_arrival() % (1U << arrival_bits));
    given_to(user, priority).turn = turn;
    return turn;
}

void note_claimed(int priority, Datum operation_id, Lane::Place turn) {
    raise_current_turn(priority, lanes_of_operation(operation_id), number_of(turn));
}

std::uint64_t give_turns(int priority) {
    const auto start = later_start(priority);
    const TimestampTz now = GetCurrentTimestamp();
    if (start.from > now || IsolationUsesXactSnapshot()) { // an old snapshot does not show who has a turn already
        return 0;
    }
    const Datum values[] = {Int16GetDatum(static_cast<std::int16_t>(priority)),
                            TimestampTzGetDatum(std::max<Lane::Place>(start.from, DT_NOBEGIN)),
                            TimestampTzGetDatum(now)};
    const auto due = pg::keep_rows(select_due.execute(values));
    for (std::uint64_t row = 0; row < due.count; ++row) {
        mark_no_longer_later(priority, DatumGetTimestampTz(due[row].value(Due::ready_at)));
    }
    for (std::uint64_t row = 0; row < due.count; ++row) {
        const Datum operation_id = due[row].value(Due::operation_id);
        const auto turn = next_turn(*DatumGetUUIDP(due[row].value(Due::user_id)), priority, operation_id);
        const Datum given[] = {due[row].value(Due::id), Int64GetDatum(turn)};
        set_turn.execute(given);
        mark_ready(priority, operation_id, turn);
    }
    if (due.count == due_at_once) {
        advance_later(priority, start, DatumGetTimestampTz(due[due.count - 1].value(Due::ready_at)));
    } else {
        advance_later(priority, start, first_later(priority, std::max<Lane::Place>(start.from, DT_NOBEGIN)));
    }
    SPI_freetuptable(due.table);
    return due.count;
}

Lane::Place first_ready(int priority, Lane::Place from) {
    const Datum values[] = {Int16GetDatum(static_cast<std::int16_t>(priority)), Int64GetDatum(from)};
    return select_first_ready.execute(values) > 0 ? DatumGetInt64(pg::only_column()) : Lane::last;
}

TimestampTz first_later(int priority, TimestampTz from) {
    const Datum values[] = {Int16GetDatum(static_cast<std::int16_t>(priority)), TimestampTzGetDatum(from)};
    return select_first_later.execute(values) > 0 ? DatumGetTimestampTz(pg::only_column()) : DT_NOEND;
}

void catch_up(int priority, Lane::Place first) {
    if (first != Lane::last) {
        raise_current_turn(priority, nullptr, number_of(first) - 1);
    }
}

void mark_rows_ready(std::uint64_t rows) {
    for (std::uint64_t row = 0; row < rows; ++row) {
        mark_later(DatumGetInt16(pg::column(row, Ready::priority)), pg::column(row, Ready::operation_id),
                   DatumGetTimestampTz(pg::column(row, Ready::ready_at)));
    }
}

} // namespace helix::queue
