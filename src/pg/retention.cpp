#include "pg/prelude.hpp"

#include "pg/retention.hpp"

#include "pg/times.hpp"

namespace helix::pg {

bool remove_older(Statement& statement, int retention_s, std::uint64_t at_a_time) {
    if (retention_s == 0) {
        return false;
    }
    const Datum limit = TimestampTzGetDatum(seconds_ago(retention_s));
    OwnerSpi spi;
    const bool more = statement.execute(&limit) == at_a_time;
    spi.finish();
    return more;
}

} // namespace helix::pg
