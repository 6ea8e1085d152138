// Owns: trying something of which an error must not end the transaction. Any feature may use it.
#pragma once

#include "pg/guard.hpp"

namespace helix::pg {

// Runs body(argument) in a subtransaction; an error rolls it back, becomes a warning and gives false. A cancelled query
// stays one.
bool run_in_subtransaction(void (*body)(void*), void* argument);

// `f` must not keep C++ objects alive over calls of PostgreSQL.
template <typename F>
bool try_in_subtransaction(F f) {
    static_assert(std::is_trivially_destructible_v<F>, "capture plain values and references only");
    return run_in_subtransaction([](void* argument) { enter_callback(*static_cast<F*>(argument)); }, &f);
}

} // namespace helix::pg
