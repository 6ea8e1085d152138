// Owns: the order of states of batches that their client drives. Used within queue/ only. Raises PostgreSQL errors.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

// How far a state is from its end. A row goes on to a higher one, or stays.
struct State {
    const char* word;
    int rank;
};

// 55000 where something that is `from` cannot become `to`. `kind` and `id` say what it is.
void check_move(std::span<const State> states, const char* kind, const pg_uuid_t& id, const char* from, const char* to);

// The states that nothing follows.
bool is_last(std::span<const State> states, const char* state);

// 55000: helix runs the batch.
[[noreturn]] void refuse_batch_of_helix(const pg_uuid_t& batch);

// 55000: its client drives the batch.
[[noreturn]] void refuse_batch_of_client(const pg_uuid_t& batch);

constexpr State batch_states[] = {{"draft", 0},           {"queued", 1}, {"running", 2},  {"completed", 3},
                                  {"partial_failure", 3}, {"failed", 3}, {"cancelled", 3}};

} // namespace helix::queue
