// A module for test/t/023_secrets.pl: what secrets::read() gives, as a feature of helix would have it. It finds the
// function in helix.so, which the server has loaded.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "secrets/secrets.hpp"

#include <csignal>

extern "C" {
PG_MODULE_MAGIC;
}

using namespace helix;

namespace {

std::string_view argument(FunctionCallInfo fcinfo) {
    text* unpacked = pg::call([fcinfo] { return PG_GETARG_TEXT_PP(0); });
    return {VARDATA_ANY(unpacked), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(unpacked))};
}

} // namespace

// read_secret(reference): the secret itself.
HELIX_FUNCTION(helix_test_read_secret) {
    const Secret secret = secrets::read(argument(fcinfo));
    const char* bytes = secret.view().data();
    const int length = static_cast<int>(secret.view().size());
    const Datum result = pg::call([=] { return PointerGetDatum(cstring_to_text_with_len(bytes, length)); });
    return result;
}

// read_secret_length(reference): how long it is; nothing else leaves helix::Secret.
HELIX_FUNCTION(helix_test_read_secret_length) {
    PG_RETURN_INT32(static_cast<std::int32_t>(secrets::read(argument(fcinfo)).view().size()));
}

// read_secret_often(reference, count): how many of the reads gave something.
HELIX_FUNCTION(helix_test_read_secret_often) {
    const auto reference = argument(fcinfo);
    const int count = PG_GETARG_INT32(1);
    int found = 0;
    for (int i = 0; i < count; ++i) {
        found += secrets::read(reference).empty() ? 0 : 1;
    }
    PG_RETURN_INT32(found);
}

HELIX_FUNCTION(helix_test_check_reference) {
    secrets::check_reference(argument(fcinfo));
    PG_RETURN_VOID();
}

// use_and_abort(reference): reads and forgets the secret as features do, then leaves a core.
HELIX_FUNCTION(helix_test_use_and_abort) {
    secrets::read(argument(fcinfo));
    signal(SIGABRT, SIG_DFL);
    abort();
    PG_RETURN_VOID();
}
