// Owns: trying something of which an error must not end the transaction. Any feature may use it.
#pragma once

#include "pg/guard.hpp"

namespace helix::pg {

enum class OnError { warn, log, nothing };

// Runs body(argument) in a subtransaction; an error rolls it back, becomes a warning or a line of the server's log
// where it is asked for, and gives false. A cancelled query stays one.
bool run_in_subtransaction(void (*body)(void*), void* argument, OnError on_error);

// `f` must not keep C++ objects alive over calls of PostgreSQL.
template <typename F>
bool try_in_subtransaction(F f, OnError on_error = OnError::warn) {
    static_assert(std::is_trivially_destructible_v<F>, "capture plain values and references only");
    return run_in_subtransaction([](void* argument) { enter_callback(*static_cast<F*>(argument)); }, &f, on_error);
}

} // namespace helix::pg
