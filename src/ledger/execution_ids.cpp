#include "pg/prelude.hpp"

#include "ledger/execution_ids.hpp"

#include "ledger/relation_ids.hpp"

extern "C" {
#include "commands/sequence.h"
}

namespace helix::ledger {

namespace {

constexpr std::int64_t block_size = 64; // the sequence's INCREMENT

struct Block {
    Oid sequence = InvalidOid;
    std::int64_t next = 0;
    std::int64_t end = 0;
};
Block block;

} // namespace

std::int64_t next_execution_id() {
    const Oid current = relation_ids().execution_ids;
    if (current != block.sequence || block.next == block.end) {
        const std::int64_t first = nextval_internal(current, false);
        block = {current, first, first + block_size};
    }
    return block.next++;
}

void discard_ids_up_to(std::int64_t base_id) {
    if (block.next <= base_id) {
        block.next = block.end;
    }
}

} // namespace helix::ledger
