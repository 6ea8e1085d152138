// Owns: changing the costs of executions in place, and every sum with them, in one statement. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

#include "ledger/watermark.hpp"
#include "pg/spi.hpp"
#include "pg/values.hpp"

#include <string>

namespace helix::ledger {

// How much has changed. The amounts are numerics that outlive SPI.
struct PriceChanges {
    std::int64_t executions;
    Datum old_cost_usd;
    Datum new_cost_usd;
};

// A statement that changes what `chosen` selects: partition, place (tableoid and ctid), old_cost, new_cost,
// new_pricing. Of a finalization these are what the execution costs by it. Changed rows keep their xid. One that is
// folded brings its difference to the rollups; any other is simply read with its new cost. In budgets a new price
// counts when the execution occurred: see budgets/placement.hpp. $1, $2, $3: the watermark's next_xid, open_xids and
// base_id. The parameters of `chosen` begin at $4.
std::string price_change_statement(const char* chosen);

// The values of $1, $2 and $3.
void add_watermark(const Watermark& watermark, pg::Values& values);

// Runs it, with what is committed now. The watermark has to be locked, and finalizations locked out before.
PriceChanges change_prices(pg::Statement& statement, pg::Values& values);

} // namespace helix::ledger
