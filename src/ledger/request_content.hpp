// Owns: what makes two recordings with one request id the same. Used within ledger/ only.
#pragma once

#include "ledger/execution.hpp"

namespace helix::ledger {

// A digest of what the caller gave that decides what counts: operation, outcome, cost, model, usage, tier, and times
// where they are given. Not the latency, the error's words or the metadata, which a retry may have anew.
std::int64_t content_of(const Request& request);

} // namespace helix::ledger
