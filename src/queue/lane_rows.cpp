#include "pg/prelude.hpp"

#include "queue/lane_rows.hpp"

#include "pg/spi.hpp"
#include "queue/lanes.hpp"

namespace helix::queue {

namespace {

pg::Statement select_earliest(R"(
    SELECT ready_at
      FROM helix_internal.queue
     WHERE priority = $1 AND ready_at >= $2 AND NOT running AND NOT paused
     ORDER BY ready_at
     LIMIT 1)",
                              {INT2OID, TIMESTAMPTZOID});

struct Ready {
    enum : int { priority = 1, ready_at };
};

} // namespace

TimestampTz first_place(int priority, TimestampTz from) {
    const Datum values[] = {Int16GetDatum(static_cast<std::int16_t>(priority)), TimestampTzGetDatum(from)};
    return select_earliest.execute(values) > 0 ? DatumGetTimestampTz(pg::only_column()) : DT_NOEND;
}

void mark_rows_ready(std::uint64_t rows) {
    for (std::uint64_t row = 0; row < rows; ++row) {
        mark_ready(DatumGetInt16(pg::column(row, Ready::priority)),
                   DatumGetTimestampTz(pg::column(row, Ready::ready_at)));
    }
}

void mark_all_lanes() {
    for (int priority = lowest_priority; priority <= highest_priority; ++priority) {
        mark_ready(priority, DT_NOBEGIN);
    }
}

} // namespace helix::queue
