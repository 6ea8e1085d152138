// Owns: reading and checking the operations that create_batch() is given. Used within queue/ only. Callers are within
// an OwnerSpi.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

constexpr int most_operations = 1000;

struct PlannedOperation {
    pg_uuid_t id;
    Datum operation_id; // text
    Datum name;         // text; 0: none
    Datum parameters;   // jsonb
};

struct Dependency {
    int operation; // both are indices from 0
    int needs;
};

// Plain data in SPI's memory.
struct BatchPlan {
    PlannedOperation* operations;
    int operation_count;
    Dependency* dependencies; // ordered by operation
    int dependency_count;
};

// The operations that a batch has already, as objects with operation_id and name.
struct Existing {
    Datum operations = 0; // jsonb
    int count = 0;
    std::int64_t dependencies = 0;
};

// Raises 22001, 22023 or 42704, which name the element by its position in the batch, from 1. In the plan, existing
// operations come first.
BatchPlan read_plan(Datum operations, const Existing& existing = {});

// Stores the operations of a batch of `user` from number `first` (from 0) on.
void store_operations(const pg_uuid_t& batch, Datum user, const BatchPlan& plan, int first = 0);

} // namespace helix::queue
