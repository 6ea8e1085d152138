#include "pg/prelude.hpp"

#include "queue/client_batch.hpp"

#include "pg/uuid.hpp"

#include <algorithm>
#include <cstring>

namespace helix::queue {

namespace {

int rank_of(std::span<const State> states, const char* word) {
    for (const State& state : states) {
        if (strcmp(state.word, word) == 0) {
            return state.rank;
        }
    }
    elog(ERROR, "unknown state \"%s\"", word);
    pg_unreachable();
}

} // namespace

void check_move(std::span<const State> states, const char* kind, const pg_uuid_t& id, const char* from,
                const char* to) {
    if (strcmp(from, to) == 0 || rank_of(states, to) > rank_of(states, from)) {
        return;
    }
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("a%s %s that is %s cannot become %s", *kind == 'o' ? "n" : "", kind, from, to),
                    errdetail("It is %s.", pg::uuid_text(id)), errhint("Insert another one.")));
}

bool is_last(std::span<const State> states, const char* state) {
    const int last = std::max_element(states.begin(), states.end(), [](State one, State other) {
                         return one.rank < other.rank;
                     })->rank;
    return rank_of(states, state) == last;
}

void refuse_batch_of_helix(const pg_uuid_t& batch) {
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("helix runs this batch"),
             errdetail("It is %s.", pg::uuid_text(batch)),
             errhint("Call helix.start_batch() or helix.cancel_batch(). Rows that you insert are batches that you "
                     "drive yourself.")));
    pg_unreachable();
}

void refuse_batch_of_client(const pg_uuid_t& batch) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("its client drives this batch"),
                    errdetail("It is %s.", pg::uuid_text(batch)),
                    errhint("Update its rows, or make another one with helix.create_batch().")));
    pg_unreachable();
}

} // namespace helix::queue
