// helix.cache_audit(): compares the values in Redis with what SQL gives now.
#include "pg/prelude.hpp"

#include "cache/known_reads.hpp"
#include "cache/registered.hpp"
#include "cache/session_connection.hpp"
#include "config.hpp"
#include "core/cache/gathering.hpp"
#include "core/cache/repetition.hpp"
#include "core/error.hpp"
#include "core/glob.hpp"
#include "pg/guard.hpp"
#include "pg/subtransaction.hpp"

#include <cstring>

extern "C" {
#include "access/htup_details.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/json.h"
#include "utils/jsonb.h"
}

namespace helix::cache {

namespace {

constexpr int largest_sample = 100'000;

// Up to `sample` keys that helix owns, in the order of SCAN, which is as good as any.
std::vector<std::string> sample_keys(std::size_t sample) {
    const auto owned = config::list_of(config::cache_keys);
    const auto is_owned = [&owned](const std::string& key) {
        return std::any_of(owned.begin(), owned.end(), [&](const auto& pattern) { return glob_matches(pattern, key); });
    };
    std::vector<std::string> found;
    std::string cursor = "0";
    do {
        const auto reply = session().call([&cursor](auto& connection, auto deadline) {
            return connection.call({"SCAN", cursor, "COUNT", "1000"}, deadline);
        });
        const auto step = reply ? redis::scan_step(*reply) : std::nullopt;
        if (!step) {
            break;
        }
        for (const auto& key : step->keys) {
            if (is_owned(key.text) && found.size() < sample) {
                found.push_back(key.text);
            }
        }
        cursor = step->cursor;
        pg::call([] { CHECK_FOR_INTERRUPTS(); });
    } while (cursor != "0" && found.size() < sample);
    return found;
}

// What any client of Redis reads under the key, whoever has written it.
std::optional<std::string> plain_value(std::string_view key) {
    auto reply = session().call([&](auto& connection, auto deadline) {
        connection.append({"GET", key});
        return std::move(connection.exchange(deadline).back()); // an error where a client keeps a list or a hash there
    });
    return reply && reply->is_text() ? std::optional(std::move(reply->text)) : std::nullopt;
}

struct Difference {
    std::string key;
    std::string cached;
};

// SQL's answer, and whether the text from Redis says the same.
struct Comparison {
    Json current;
    Datum cached;
    bool equal;
    List* relations; // that SQL has read
};

Comparison compare(KnownRead* read, const char* cached) {
    const Json current = run_known_read(read);
    Comparison result{current, DirectFunctionCall1(jsonb_in, CStringGetDatum(cached)), false, read->relations};
    // A null is stored as JSON's.
    const Datum value = current.is_null ? DirectFunctionCall1(jsonb_in, CStringGetDatum("null")) : result.current.value;
    result.equal = DatumGetBool(DirectFunctionCall2(jsonb_eq, value, result.cached));
    return result;
}

// Compares in a subtransaction. What raises an error there is a difference as well: a value that is no JSON, or a key
// that is none of its family's. Nothing where helix does not compute the key.
std::optional<Comparison> compare_safely(const char* key, const char* cached) {
    struct Outcome {
        bool known;
        Comparison comparison;
    };
    const auto outcome = pg::call([&] {
        Outcome compared{};
        const bool worked = pg::try_in_subtransaction(
            [&] {
                KnownRead* read = find_known_read(key);
                compared.known = read != nullptr;
                if (read != nullptr) {
                    compared.comparison = compare(read, cached);
                }
            },
            pg::OnError::nothing);
        return worked ? compared : Outcome{true, {}};
    });
    return outcome.known ? std::optional(outcome.comparison) : std::nullopt;
}

struct Findings {
    std::vector<Difference> differences;
    std::vector<std::string> unknown; // keys that helix does not compute
};

Findings compare_all(const std::vector<std::string>& keys) {
    Findings found;
    MemoryContext scratch = pg::call(
        [] { return AllocSetContextCreate(CurrentMemoryContext, "helix cache audit", ALLOCSET_DEFAULT_SIZES); });
    const MemoryContext memory = MemoryContextSwitchTo(scratch);
    for (const auto& key : keys) {
        auto cached = plain_value(key);
        const auto comparison = cached ? compare_safely(key.c_str(), cached->c_str()) : std::nullopt;
        if (cached && !comparison) {
            found.unknown.push_back(key);
        } else if (comparison) {
            warn_of_unregistered(key, comparison->relations);
        }
        if (comparison && !comparison->equal) {
            found.differences.push_back({key, std::move(*cached)});
        }
        pg::call([&] {
            MemoryContextReset(scratch);
            CHECK_FOR_INTERRUPTS();
        });
    }
    MemoryContextSwitchTo(memory);
    return found;
}

// Clients may set any bytes. In what is no valid text of the database, bytes beyond ASCII become question marks.
const char* plain_text(const char* text) {
    if (pg_verifymbstr(text, static_cast<int>(strlen(text)), true)) {
        return text;
    }
    char* valid = pstrdup(text);
    for (char* byte = valid; *byte != '\0'; ++byte) {
        *byte = static_cast<unsigned char>(*byte) < 0x80 ? *byte : '?';
    }
    return valid;
}

void warn_of_unknown(const std::vector<std::string>& keys) {
    if (keys.empty()) {
        return;
    }
    const char* first = keys.front().c_str();
    const std::size_t count = keys.size();
    pg::call([&] {
        ereport(WARNING,
                (errmsg("%zu keys are not compared, for helix does not compute them", count),
                 errdetail("One is \"%s\".", plain_text(first)),
                 errhint("Whether they are current depends on helix.invalidate_on_change() for the tables that "
                         "they were computed from.")));
    });
}

// A value that a commit has just made stale is no difference yet. It is one if it is still there when its removal is
// long due.
void wait_for_removals() {
    const std::chrono::milliseconds delay(config::cache_repeat_delay_ms);
    const std::chrono::nanoseconds due = Gathering::of_crowd + delay + repetition_step(delay);
    const long wait_ms = static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(due).count()) + 100;
    pg::call([&] {
        WaitLatch(MyLatch, WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, wait_ms, PG_WAIT_EXTENSION);
        CHECK_FOR_INTERRUPTS();
    });
}

// A text that is not JSON, as a JSON string.
const char* quoted_json(const char* text) {
    StringInfoData json;
    initStringInfo(&json);
    escape_json(&json, plain_text(text));
    return json.data;
}

// Looks at the key once more. Where it still has the same value, and that still differs, it becomes a row of the
// result.
void report(ReturnSetInfo* result, const Difference& difference) {
    if (plain_value(difference.key) != difference.cached) {
        return;
    }
    const char* key = difference.key.c_str();
    const char* text = difference.cached.c_str();
    const auto comparison = compare_safely(key, text);
    if (!comparison || comparison->equal) {
        return;
    }
    const Comparison found = *comparison;
    pg::call([&] {
        const Datum quoted =
            found.cached != 0 ? found.cached : DirectFunctionCall1(jsonb_in, CStringGetDatum(quoted_json(text)));
        Datum values[] = {CStringGetTextDatum(plain_text(key)), quoted, found.current.value};
        bool nulls[] = {false, false, found.current.is_null};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    });
}

} // namespace

HELIX_FUNCTION(helix_cache_audit) {
    const int sample = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT32(0);
    if (sample < 1 || sample > largest_sample) {
        throw Error(sqlstate::invalid_parameter_value, "p_sample must be 1 to 100000",
                    "It is " + (PG_ARGISNULL(0) ? std::string("null") : std::to_string(sample)) + ".",
                    "Pass how many keys to compare.");
    }
    pg::call([&] { InitMaterializedSRF(fcinfo, 0); });
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    const auto found = compare_all(sample_keys(static_cast<std::size_t>(sample)));
    warn_of_unknown(found.unknown);
    if (!found.differences.empty()) {
        wait_for_removals();
        for (const auto& difference : found.differences) {
            report(result, difference);
        }
    }
    return Datum{0};
}

} // namespace helix::cache
