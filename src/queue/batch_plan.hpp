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

// Raises 22023 or 42704, which name the element by its position from 1.
BatchPlan read_plan(Datum operations);

} // namespace helix::queue
