// Carries errors over the boundary between C++ and PostgreSQL, with every field kept.
#include "pg/guard.hpp"

#include "pg/sqlstate.hpp"

#include <cstring>

extern "C" {
#include "mb/pg_wchar.h"
}

namespace helix::pg {

namespace {

// Where the server sends errors. A throw or a longjmp past a change of it must put it back.
struct ErrorStacks {
    sigjmp_buf* exception = PG_exception_stack;
    ErrorContextCallback* context = error_context_stack;
    MemoryContext memory = CurrentMemoryContext;

    void restore() const {
        PG_exception_stack = exception;
        error_context_stack = context;
        MemoryContextSwitchTo(memory);
    }
};

// An error's fields in plain memory: they outlive the catch block, and need no destructor when ereport jumps.
struct PlainError {
    char sqlstate[6];
    char message[1024];
    char detail[2048];
    char hint[1024];

    void set(const char* state, const char* message_, const char* detail_ = "", const char* hint_ = "") noexcept {
        strlcpy(sqlstate, state, sizeof(sqlstate));
        strlcpy(message, message_, sizeof(message));
        strlcpy(detail, detail_, sizeof(detail));
        strlcpy(hint, hint_, sizeof(hint));
    }
};

// strlcpy may have cut a multibyte character in two.
const char* whole_characters(char* text) {
    text[pg_mbcliplen(text, static_cast<int>(strlen(text)), static_cast<int>(strlen(text)))] = '\0';
    return text;
}

[[noreturn]] void raise(PlainError& error) {
    ereport(ERROR, (errcode(code_of(error.sqlstate)), errmsg_internal("%s", whole_characters(error.message)),
                    error.detail[0] != '\0' ? errdetail_internal("%s", whole_characters(error.detail)) : 0,
                    error.hint[0] != '\0' ? errhint("%s", whole_characters(error.hint)) : 0));
    pg_unreachable();
}

} // namespace

bool run_protected(void (*body)(void*), void* argument) noexcept {
    const ErrorStacks stacks;
    sigjmp_buf here;
    if (sigsetjmp(here, 0) != 0) {
        stacks.restore();
        return false;
    }
    PG_exception_stack = &here;
    body(argument);
    stacks.restore();
    return true;
}

Datum enter(Datum (*body)(void*), void* argument) {
    const ErrorStacks stacks;
    PlainError error;
    bool from_server = false;
    try {
        return body(argument);
    } catch (const PgError&) {
        from_server = true;
    } catch (const Error& e) {
        error.set(e.sqlstate, e.message.c_str(), e.detail.c_str(), e.hint.c_str());
    } catch (const std::bad_alloc&) {
        error.set(sqlstate::out_of_memory, "out of memory");
    } catch (const std::exception& e) {
        error.set(sqlstate::internal_error, "unexpected C++ exception", e.what());
    } catch (...) {
        error.set(sqlstate::internal_error, "unexpected C++ exception");
    }
    stacks.restore();
    if (from_server) {
        PG_RE_THROW();
    }
    raise(error);
}

} // namespace helix::pg
