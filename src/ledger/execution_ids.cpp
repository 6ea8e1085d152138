#include "pg/prelude.hpp"

#include "ledger/execution_ids.hpp"

#include "ledger/targets.hpp"

extern "C" {
#include "commands/sequence.h"
}

namespace helix::ledger {

namespace {

constexpr std::int64_t block_size = 64; // the sequence's INCREMENT

} // namespace

std::int64_t next_execution_id() {
    static Oid sequence = InvalidOid;
    static std::int64_t next = 0;
    static std::int64_t end = 0;
    const Oid current = targets().execution_ids;
    if (current != sequence || next == end) {
        next = nextval_internal(current, false);
        end = next + block_size;
        sequence = current;
    }
    return next++;
}

} // namespace helix::ledger
