// Owns: how often a webhook may be called, counted in shared memory for all processes. Within webhooks/.
#pragma once

#include "pg/prelude.hpp"

namespace helix::webhooks {

void initialize_rate_limits();

// Calls that verify and calls that don't are counted apart, so that nobody without the secret can use up the limit of
// those who have it. What leaves only a trace has an allowance of its own.
enum class CallKind { verified, unverified, traced };

// Counts a call; 0 where it may come, else after how many s it may. A limit of 0 admits all.
int seconds_to_wait(const pg_uuid_t& schedule_id, CallKind kind, int per_minute);

} // namespace helix::webhooks
