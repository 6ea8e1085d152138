// Owns: trying something whose error must not end the transaction. Any feature may use it.
#pragma once

#include "pg/guard.hpp"

namespace helix::pg {

// What becomes of an error: a warning, a line of the server's log, nothing, or an error as before.
enum class OnError { warn, log, nothing, raise };

// Runs body(argument) in a subtransaction. An error rolls that back, is told as `on_error` says, and gives false. A
// canceled query stays one. `lock_timeout` (such as "5ms") ends each wait for a lock. That gives false without a word,
// as a wait in a circle does.
bool run_in_subtransaction(void (*body)(void*), void* argument, OnError on_error, const char* lock_timeout = nullptr);

// The same for callers that want the error itself, a canceled query too. A copy in the caller's memory; null where
// there was none.
ErrorData* error_in_subtransaction(void (*body)(void*), void* argument, const char* lock_timeout = nullptr);

template <typename F>
ErrorData* error_in_subtransaction(F f, const char* lock_timeout = nullptr) {
    static_assert(std::is_trivially_destructible_v<F>, "capture plain values and references only");
    return error_in_subtransaction([](void* argument) { enter_callback(*static_cast<F*>(argument)); }, &f,
                                   lock_timeout);
}

// `f` must not keep C++ objects alive over calls of PostgreSQL.
template <typename F>
bool try_in_subtransaction(F f, OnError on_error = OnError::warn) {
    static_assert(std::is_trivially_destructible_v<F>, "capture plain values and references only");
    return run_in_subtransaction([](void* argument) { enter_callback(*static_cast<F*>(argument)); }, &f, on_error);
}

// For passes over rows of many users. False where somebody else keeps a lock that `f` needs for longer than
// `lock_timeout`.
template <typename F>
bool try_for_lock(const char* lock_timeout, F f, OnError on_other_error = OnError::raise) {
    static_assert(std::is_trivially_destructible_v<F>, "capture plain values and references only");
    return run_in_subtransaction([](void* argument) { enter_callback(*static_cast<F*>(argument)); }, &f, on_other_error,
                                 lock_timeout);
}

} // namespace helix::pg
