// Owns: the locks in memory of corrections; they last until the transaction ends. Used within ledger/ only.
//
// A finalization appends the difference to what stands, so that must not change meanwhile. Finalizations of one
// execution follow each other. A new price changes rows in place, so it waits for all open finalizations, and they for
// it. Nothing else waits.
#pragma once

#include "pg/prelude.hpp"

namespace helix::ledger {

// Finalizations lock out new prices, then each other. Throws nothing; waits.
void lock_out_new_prices();
void lock_execution(std::int64_t id);

// New prices lock out finalizations: before the watermark and the first query.
void lock_out_finalizations();

// An adjustment of an execution locks out ends of erasures: before it looks for the execution. An end of an erasure
// locks out these adjustments.
void lock_out_ends_of_erasures();
void lock_out_adjustments();

} // namespace helix::ledger
