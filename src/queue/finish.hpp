// Owns: how an execution ends: its row moves from the queue to the history, and what waited for it goes on. Used within
// queue/ only; callers are within an OwnerSpi. Raises PostgreSQL errors.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

// How it ends. Plain data; 0 stands for null.
struct Ending {
    const char* status; // success, failed, skipped
    Datum result = 0;   // jsonb
    Datum error = 0;    // text
    Datum cost = 0;     // numeric
    std::optional<std::int32_t> latency_ms = std::nullopt;
};

// Which execution, and as whose.
struct Claim {
    pg_uuid_t id;
    std::optional<std::int32_t> attempt = std::nullopt; // the fencing token; none: whoever has it
    bool must_run = true;                               // else a pending one ends too
};

// What the ledger and others need to know of it. The text lives in SPI's memory.
struct Finished {
    pg_uuid_t user_id;
    Datum operation_id;
    std::optional<pg_uuid_t> batch_operation = std::nullopt;
};

// Moves it to the history; none where the claim does not hold (any more). Its batch hears of it by note_ending().
std::optional<Finished> move_to_history(const Claim& claim, const Ending& ending);

// Its batch goes on, once the cost is known.
void note_ending(const Finished& finished, const Ending& ending);

// Both, for what has cost nothing.
std::optional<Finished> finish(const Claim& claim, const Ending& ending);

// Says why a claim does not hold: P0002 or 55000.
[[noreturn]] void refuse_claim(const Claim& claim);

} // namespace helix::queue
