// Owns: an execution that is to be corrected, as the ledger has it. Used by finalize.cpp and adjust.cpp only. Plain
// data.
#pragma once

#include "ledger/execution.hpp"
#include "ledger/stored_usage.hpp"

namespace helix::ledger {

// The execution with this id, and where its row is. User, operation, provider, model, times, day and outcome are set,
// in memory that outlives SPI. Raises P0002 where the ledger has none, and 22023 where the id is a correction's. Needs
// SPI.
struct Corrected {
    std::int64_t id;
    std::int64_t xid;
    TimestampTz recorded_at;
    Execution execution;
    std::optional<Datum> scalars; // jsonb: what dimensions may go by, of its metadata
};
Corrected find_corrected(std::int64_t id);

// The metadata of a row that corrects it: its own, and the scalars as "execution". So the row is counted for the same
// values, also once the execution has been dropped.
std::optional<Datum> correction_metadata(std::optional<Datum> own, const Corrected& corrected);

// What stands of it: as its last finalization says, else as it was recorded.
struct Standing {
    std::int32_t revision; // 0: as it was recorded
    Pricing pricing;
    Datum cost_usd; // numeric
    TokenColumns columns;
    Datum types; // jsonb: see stored_usage.hpp; 0: none
    std::optional<std::string_view> service_tier;

    Uses uses() const { return uses_of(columns, types); }
};

// As it is committed now. Its locks have to be held. Needs SPI; the result outlives it.
Standing standing_of(const Corrected& corrected);

} // namespace helix::ledger
