// A module for test/t/009_boundary.pl: errors of either kind, raised past live C++ objects, in a real backend.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/sqlstate.hpp"
#include "pg/subtransaction.hpp"

#include <stdexcept>

extern "C" {
PG_MODULE_MAGIC;
}

using namespace helix;

namespace {

// 64 KiB that a skipped destructor would leak: 10,000 of them are 640 MiB.
struct Ballast {
    std::string bytes = std::string(64 * 1024, 'x');
};

[[noreturn]] void raise_in_server() {
    ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION), errmsg("message of the server"),
                    errdetail("detail of the server"), errhint("hint of the server")));
}

} // namespace

// fail(kind): raises an error of that kind with live objects on the stack.
HELIX_FUNCTION(helix_boundary_fail) {
    const Ballast outer;
    const std::string kind =
        pg::call([fcinfo] { return static_cast<const char*>(text_to_cstring(PG_GETARG_TEXT_PP(0))); });
    const Ballast inner;
    if (kind == "core") {
        throw Error("22012", "message of core", "detail of core", "hint of core");
    }
    if (kind == "server") {
        pg::call([] { raise_in_server(); });
    }
    if (kind == "nested") {
        try {
            const Ballast innermost;
            pg::call([] { raise_in_server(); });
        } catch (const pg::PgError&) {
            throw; // a PostgreSQL error may only be rethrown
        }
    }
    if (kind == "memory") {
        throw std::bad_alloc();
    }
    if (kind == "standard") {
        throw std::runtime_error("message of the standard library");
    }
    if (kind == "unknown") {
        throw 42;
    }
    if (kind == "long") {
        throw Error("22012", std::string(5000, 'm'), std::string(5000, 'd'), std::string(5000, 'h'));
    }
    const auto length = pg::call([fcinfo] { return VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(0)); });
    PG_RETURN_INT32(static_cast<std::int32_t>(length));
}

// swallows(sqlstate): whether a subtransaction that fails with this SQLSTATE lets its caller go on.
HELIX_FUNCTION(helix_boundary_swallows) {
    const char* sqlstate = text_to_cstring(PG_GETARG_TEXT_PP(0));
    const bool worked = pg::try_in_subtransaction(
        [sqlstate] { ereport(ERROR, (errcode(pg::code_of(sqlstate)), errmsg("message of the subtransaction"))); },
        pg::OnError::nothing);
    PG_RETURN_BOOL(!worked);
}

// Bytes of the heap in use, as the C library counts them.
extern "C" {
#include <malloc.h>
}
HELIX_FUNCTION(helix_boundary_heap_bytes) {
    malloc_trim(0);
    PG_RETURN_INT64(static_cast<std::int64_t>(mallinfo2().uordblks));
}
