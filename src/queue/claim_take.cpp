// Takes executions out of the lanes: in the order of turns, past what others have locked.
#include "pg/prelude.hpp"

#include "queue/claim_take.hpp"

#include "pg/spi.hpp"
#include "pg/values.hpp"
#include "queue/lane_changes.hpp"
#include "queue/turns.hpp"

extern "C" {
#include "utils/array.h"
}

namespace helix::queue {

namespace {

// The array is made once. In a join, a plan may run the subquery again and again, and lock further rows each time.
constexpr char take[] = R"(
    UPDATE helix_internal.queue q
       SET running = true,
           attempt = q.attempt + 1,
           worker = $4,
           started_at = pg_catalog.clock_timestamp(),
           lease_until = pg_catalog.clock_timestamp() + $5,
           limited = false,
           reserved = EXISTS (SELECT FROM helix_internal.limited_users l WHERE l.user_id = q.user_id)
     WHERE q.id = ANY (ARRAY(
           SELECT d.id
             FROM helix_internal.queue d
            WHERE d.priority = $1 AND d.turn >= $2 AND NOT d.running)";
constexpr char of_any[] = " AND d.turn > 0"; // as the index says
constexpr char of_operation[] = " AND d.operation_id = $6";
constexpr char of_lane[] = R"(
            ORDER BY d.turn
            LIMIT $3
              FOR UPDATE SKIP LOCKED))
    RETURNING q.id, q.user_id, q.operation_id, q.schedule_id, q.batch_id, q.payload, q.triggered_by, q.attempt,
              q.attempt::bigint, q.run_at, q.lease_until, q.headers, q.turn,
              CASE WHEN q.schedule_id IS NOT NULL
                   THEN (SELECT s.max_cost_per_month
                           FROM helix_internal.operation_schedules s
                          WHERE s.id = q.schedule_id) END,
              COALESCE(
                  CASE WHEN q.schedule_id IS NOT NULL
                       THEN (SELECT CASE pg_catalog.bool_and(s.enabled)
                                    WHEN true THEN NULL
                                    WHEN false THEN 'skipped: the schedule is disabled'
                                    ELSE 'skipped: the schedule was deleted' END
                               FROM helix_internal.operation_schedules s
                              WHERE s.id = q.schedule_id) END,
                  (SELECT 'skipped: the user has switched the operation off'
                     FROM helix.user_operation_preferences p
                    WHERE p.user_id = q.user_id AND p.operation_id = q.operation_id AND NOT p.enabled),
                  CASE WHEN q.batch_id IS NOT NULL THEN helix_internal.batch_stop_reason(q.batch_id) END),
              q.reserved, q.concurrency_key)";

template <std::size_t... lengths>
constexpr auto joined(const char (&... parts)[lengths]) {
    std::array<char, (lengths + ...) - sizeof...(lengths) + 1> text{};
    auto* end = text.data();
    ((end = std::copy_n(parts, lengths - 1, end)), ...);
    return text;
}

constexpr auto take_any_text = joined(take, of_any, of_lane);
constexpr auto take_of_text = joined(take, of_operation, of_lane);

pg::Statement take_first(take_any_text.data(), {INT2OID, INT8OID, INT4OID, TEXTOID, INTERVALOID});
pg::Statement take_first_of(take_of_text.data(), {INT2OID, INT8OID, INT4OID, TEXTOID, INTERVALOID, TEXTOID});

// The next ones of each wanted operation, merged by turns.
pg::Statement select_next(R"(
    SELECT w.number::integer
      FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4)) WITH ORDINALITY AS w (operation_id, first, number),
           LATERAL (SELECT d.turn
                      FROM helix_internal.queue d
                     WHERE d.operation_id = w.operation_id AND d.priority = $1 AND d.turn >= w.first AND NOT d.running
                     ORDER BY d.turn
                     LIMIT $2) n
     ORDER BY n.turn
     LIMIT $2)",
                          {INT2OID, INT4OID, TEXTARRAYOID, INT8ARRAYOID});

// Sorts what the statement has returned, and notes all of it before anything can fail.
pg::KeptRows in_order(std::uint64_t count, int priority) {
    const auto taken = pg::keep_rows(count);
    struct Place {
        Lane::Place turn;
        HeapTuple row;
    };
    auto* places = static_cast<Place*>(palloc(sizeof(Place) * (taken.count + 1)));
    for (std::uint64_t i = 0; i < taken.count; ++i) {
        places[i] = {turn_of(taken[i]), taken.table->vals[i]};
    }
    std::sort(places, places + taken.count, [](const Place& one, const Place& other) { return one.turn < other.turn; });
    for (std::uint64_t i = 0; i < taken.count; ++i) {
        taken.table->vals[i] = places[i].row;
        mark_taken(priority, taken[i].value(Taken::operation_id), places[i].turn);
    }
    for (std::uint64_t i = 0; i < taken.count; ++i) {
        note_claimed(priority, taken[i].value(Taken::operation_id), places[i].turn);
    }
    return taken;
}

pg::Values parameters_of(const Claimer& claimer, int priority, Lane::Place from, int most) {
    pg::Values values;
    values.add(Int16GetDatum(static_cast<std::int16_t>(priority))).add(Int64GetDatum(from)).add(Int32GetDatum(most));
    values.add(claimer.worker).add(claimer.lease);
    return values;
}

void count_shares(Shares& shares, int priority, int most) {
    auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<std::size_t>(shares.count)));
    auto* starts = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<std::size_t>(shares.count)));
    for (int i = 0; i < shares.count; ++i) {
        ids[i] = shares.all[i].operation->id;
        starts[i] = Int64GetDatum(shares.all[i].start.from);
    }
    const Datum values[] = {
        Int16GetDatum(static_cast<std::int16_t>(priority)), Int32GetDatum(most),
        PointerGetDatum(construct_array(ids, shares.count, TEXTOID, -1, false, TYPALIGN_INT)),
        PointerGetDatum(construct_array(starts, shares.count, INT8OID, sizeof(std::int64_t), true, TYPALIGN_DOUBLE))};
    const auto rows = select_next.execute(values);
    for (std::uint64_t row = 0; row < rows; ++row) {
        ++shares.all[DatumGetInt32(pg::only_column(row)) - 1].executions;
    }
    if (rows > 0) {
        std::swap(shares.all[0], shares.all[DatumGetInt32(pg::only_column(0)) - 1]);
    }
}

} // namespace

WantedOperations wanted_operations(Datum array) {
    if (array == 0) {
        return {};
    }
    Datum* names = nullptr;
    bool* nulls = nullptr;
    int length = 0;
    deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &length);
    auto* operations = static_cast<WantedOperation*>(palloc(sizeof(WantedOperation) * (length + 1)));
    auto* keys = static_cast<std::uint64_t*>(palloc(sizeof(std::uint64_t) * (length + 1)));
    int count = 0;
    for (int i = 0; i < length; ++i) {
        const std::uint64_t key = nulls[i] ? 0 : key_of_operation(names[i]);
        if (key != 0 && std::find(keys, keys + count, key) == keys + count) {
            operations[count] = {names[i], lanes_of_operation(names[i])};
            keys[count++] = key;
        }
    }
    return {operations, keys, count};
}

Shares share_out(const WantedOperations& wanted, int priority, int most) {
    Shares shares{static_cast<Share*>(palloc(sizeof(Share) * (wanted.count + 1))), 0};
    for (int i = 0; i < wanted.count; ++i) {
        const auto start = ready_start(priority, wanted.operations[i].lanes);
        if (start.from != Lane::last) {
            shares.all[shares.count++] = {&wanted.operations[i], start, 0};
        }
    }
    if (shares.count == 1) {
        shares.all[0].executions = most;
    } else if (shares.count > 1) {
        count_shares(shares, priority, most);
    }
    return shares;
}

pg::KeptRows take_any(const Claimer& claimer, int priority, Lane::Place from, int most) {
    auto values = parameters_of(claimer, priority, from, most);
    return in_order(take_first.execute(values.values(), values.letters()), priority);
}

pg::KeptRows take_of(const Claimer& claimer, const Share& share, int priority, int most) {
    auto values = parameters_of(claimer, priority, share.start.from, most);
    values.add(share.operation->id);
    return in_order(take_first_of.execute(values.values(), values.letters()), priority);
}

} // namespace helix::queue
