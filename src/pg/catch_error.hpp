// Owns: looking at an error before it goes on. Any feature may use it. Nothing is undone without a subtransaction
// (pg/subtransaction.hpp): rethrow the error, or let what may fail do nothing but compute.
#pragma once

#include "pg/guard.hpp"

namespace helix::pg {

// Runs body(argument). What it throws or raises comes back as a copy in the caller's memory context; null: nothing.
ErrorData* catch_error(void (*body)(void*), void* argument);

// `f` must not keep C++ objects alive over calls of PostgreSQL.
template <typename F>
ErrorData* catch_error(F f) {
    static_assert(std::is_trivially_destructible_v<F>, "capture plain values and references only");
    return catch_error([](void* argument) { enter_callback(*static_cast<F*>(argument)); }, &f);
}

} // namespace helix::pg
