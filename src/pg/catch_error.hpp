// Owns: looking at an error before it goes on. Any feature may use it. It undoes nothing; pg/subtransaction.hpp does.
// So rethrow the error, or catch it only where what may fail does nothing but compute.
#pragma once

#include "pg/guard.hpp"

namespace helix::pg {

// Runs body(argument). What it throws or raises comes back as a copy in the caller's memory context. Null: it worked.
ErrorData* catch_error(void (*body)(void*), void* argument);

// `f` must not keep C++ objects alive over calls of PostgreSQL.
template <typename F>
ErrorData* catch_error(F f) {
    static_assert(std::is_trivially_destructible_v<F>, "capture plain values and references only");
    return catch_error([](void* argument) { enter_callback(*static_cast<F*>(argument)); }, &f);
}

} // namespace helix::pg
