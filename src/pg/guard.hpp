// Owns: the boundary between C++ exceptions and PostgreSQL's longjmp. Every SQL function and every callback enters
// through enter() (mostly by HELIX_FUNCTION); code with live C++ objects calls PostgreSQL through call().
//
// ereport(ERROR) is a longjmp and skips destructors; a C++ exception must never cross a frame of the server.
#pragma once

#include "core/error.hpp"
#include "pg/prelude.hpp"

namespace helix::pg {

// A PostgreSQL error on its way through C++ frames. Its ErrorData stays on PostgreSQL's own stack. So it may only be
// rethrown, until enter() hands it back to the server.
class PgError final : public std::exception {
  public:
    const char* what() const noexcept override { return "PostgreSQL error in flight"; }
};

// Runs body(argument); false where it raised a PostgreSQL error, which is then pending. Use call() instead.
bool run_protected(void (*body)(void*), void* argument) noexcept;

// Calls PostgreSQL from code in which C++ objects are alive. An ereport(ERROR) within `f` becomes a PgError. `f` holds
// the call of PostgreSQL alone: nothing in it may need a destructor.
template <typename F>
auto call(F f) {
    using Result = std::invoke_result_t<F>;
    static_assert(std::is_trivially_destructible_v<F>, "capture plain values and references only");
    if constexpr (std::is_void_v<Result>) {
        if (!run_protected([](void* argument) { (*static_cast<F*>(argument))(); }, &f)) {
            throw PgError();
        }
    } else {
        static_assert(std::is_trivially_copyable_v<Result>, "return plain data only");
        struct Frame {
            F* f;
            Result result;
        } frame{&f, Result{}};
        const auto body = [](void* argument) {
            auto* inner = static_cast<Frame*>(argument);
            inner->result = (*inner->f)();
        };
        if (!run_protected(body, &frame)) {
            throw PgError();
        }
        return frame.result;
    }
}

// Runs body(argument) and turns whatever C++ throws into a PostgreSQL error with every field kept.
Datum enter(Datum (*body)(void*), void* argument);

// The same for callbacks without a result; `f` may capture references.
template <typename F>
void enter_callback(F f) {
    enter(
        [](void* argument) -> Datum {
            (*static_cast<F*>(argument))();
            return 0;
        },
        &f);
}

// Makes an object of C++ that lives exactly as long as a memory context.
template <typename T, typename... Args>
T* make_in(MemoryContext context, Args&&... args) {
    struct Holder {
        MemoryContextCallback callback;
        T value;
    };
    auto* holder = static_cast<Holder*>(MemoryContextAllocZero(context, sizeof(Holder)));
    new (&holder->value) T(std::forward<Args>(args)...);
    holder->callback.func = [](void* value) { static_cast<T*>(value)->~T(); };
    holder->callback.arg = &holder->value;
    MemoryContextRegisterResetCallback(context, &holder->callback);
    return &holder->value;
}

} // namespace helix::pg

// Defines the SQL-callable function `name`; its body follows and sees `fcinfo`.
#define HELIX_FUNCTION(name)                                                                                           \
    static Datum name##_body(FunctionCallInfo fcinfo);                                                                 \
    extern "C" {                                                                                                       \
    PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);                                                                          \
    PG_FUNCTION_INFO_V1(name);                                                                                         \
    Datum name(PG_FUNCTION_ARGS) {                                                                                     \
        return helix::pg::enter([](void* argument) { return name##_body(static_cast<FunctionCallInfo>(argument)); },   \
                                fcinfo);                                                                               \
    }                                                                                                                  \
    }                                                                                                                  \
    static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
