// Reads and checks the arguments of the cache functions.
#include "pg/prelude.hpp"

#include "cache/cache_arguments.hpp"

#include "core/cache/cache_key.hpp"
#include "core/error.hpp"
#include "core/glob.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/xlog.h"
}

namespace helix::cache {

namespace {

constexpr std::size_t longest_key = 512;
constexpr int longest_ttl_s = SECS_PER_DAY;

// `literal` is what every key begins with; `what` is what errors call it.
void check_key(std::string_view key, std::string_view literal, const char* what) {
    if (key.empty() || key.size() > longest_key) {
        throw Error(sqlstate::invalid_parameter_value, std::string("a cache ") + what + " has 1 to 512 bytes",
                    "This one has " + std::to_string(key.size()) + ".", "Shorten it.");
    }
    if (cache_key::is_own(literal)) {
        throw Error(sqlstate::invalid_parameter_value, "keys that begin with \"helix:\" are helix's own",
                    "The " + std::string(what) + " is \"" + std::string(key) + "\".", "Use another prefix.");
    }
    if (cache_key::has_capital_uuid(key)) {
        throw Error(sqlstate::invalid_parameter_value, std::string("a uuid in a cache ") + what + " has capitals",
                    "The " + std::string(what) + " is \"" + std::string(key) + "\".", "Write uuids in lower case.");
    }
}

} // namespace

std::string text_argument(FunctionCallInfo fcinfo, int number, const char* name) {
    if (PG_ARGISNULL(number)) {
        throw null_value(name, "Pass a value.");
    }
    const Datum value = PG_GETARG_DATUM(number);
    return std::string(pg::call([&] { return pg::text_view(value); }));
}

std::string key_argument(FunctionCallInfo fcinfo, int number) {
    auto key = text_argument(fcinfo, number, "p_key");
    check_key(key, key, "key");
    return key;
}

std::string pattern_argument(FunctionCallInfo fcinfo, int number) {
    auto pattern = text_argument(fcinfo, number, "p_pattern");
    check_key(pattern, glob_prefix(pattern).literal, "pattern");
    return pattern;
}

int ttl_argument(FunctionCallInfo fcinfo, int number) {
    if (PG_ARGISNULL(number)) {
        throw null_value("p_ttl_seconds", "Pass 1 to 86400.");
    }
    const int ttl = PG_GETARG_INT32(number);
    if (ttl < 1 || ttl > longest_ttl_s) {
        throw Error(sqlstate::invalid_parameter_value, "p_ttl_seconds must be 1 to 86400",
                    "It is " + std::to_string(ttl) + ".", "Pass a time to live in seconds, a day at most.");
    }
    return ttl;
}

void check_not_standby(const char* what) {
    if (RecoveryInProgress()) {
        throw Error(sqlstate::read_only_sql_transaction, std::string(what) + " is not possible on a standby", {},
                    "Call it on the primary.");
    }
}

} // namespace helix::cache
