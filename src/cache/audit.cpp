// helix.cache_audit(): compares what Redis holds with what SQL gives now.
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

#include <cstring>

extern "C" {
#include "access/htup_details.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/resowner.h"
}

namespace helix::cache {

namespace {

constexpr int largest_sample = 100'000;

struct Scan {
    std::string cursor = "0";
    std::vector<std::string> keys;
};

// Up to `sample` keys of helix's in the order of SCAN, which is as good as any.
std::vector<std::string> sample_keys(std::size_t sample) {
    const auto owned = config::list_of(config::cache_keys);
    std::vector<std::string> found;
    std::string cursor = "0";
    do {
        auto step = session().call([&](auto& connection, auto deadline) {
            const auto reply = connection.call({"SCAN", cursor, "COUNT", "1000"}, deadline);
            Scan scan;
            if (reply.items.size() == 2) {
                scan.cursor = reply.items[0].text;
                for (const auto& item : reply.items[1].items) {
                    scan.keys.push_back(item.text);
                }
            }
            return scan;
        });
        if (!step) {
            break;
        }
        for (auto& key : step->keys) {
            const bool ours = std::any_of(owned.begin(), owned.end(),
                                          [&](const auto& pattern) { return glob_matches(pattern, key); });
            if (ours && found.size() < sample) {
                found.push_back(std::move(key));
            }
        }
        cursor = std::move(step->cursor);
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
    result.equal =
        !result.current.is_null && DatumGetBool(DirectFunctionCall2(jsonb_eq, result.current.value, result.cached));
    return result;
}

// What is no JSON, or stands under a key that is not one of the family's, is a difference as well: compared in a
// subtransaction, for each of them raises an error. Null where helix does not compute the key.
std::optional<Comparison> compare_safely(const char* key, const char* cached) {
    struct Outcome {
        bool known;
        Comparison comparison;
    };
    const auto outcome = pg::call([&] {
        const MemoryContext memory = CurrentMemoryContext;
        const ResourceOwner owner = CurrentResourceOwner;
        // volatile: read again behind the longjmp
        volatile bool known = false;
        Comparison comparison{};
        BeginInternalSubTransaction(nullptr);
        MemoryContextSwitchTo(memory);
        PG_TRY();
        {
            KnownRead* read = find_known_read(key);
            known = read != nullptr;
            if (read != nullptr) {
                comparison = compare(read, cached);
            }
            ReleaseCurrentSubTransaction();
        }
        PG_CATCH();
        {
            MemoryContextSwitchTo(memory);
            FlushErrorState();
            RollbackAndReleaseCurrentSubTransaction();
            comparison = {{}, 0, false, NIL};
            known = true;
        }
        PG_END_TRY();
        MemoryContextSwitchTo(memory);
        CurrentResourceOwner = owner;
        return Outcome{known, comparison};
    });
    return outcome.known ? std::optional(outcome.comparison) : std::nullopt;
}

// What the sample holds that is not as SQL says, or that SQL cannot say.
struct Findings {
    std::vector<Difference> differences;
    std::vector<std::string> unknown; // keys that helix does not compute
};

Findings look_at(const std::vector<std::string>& keys) {
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

// What is no valid text of the database becomes question marks: clients may set any bytes.
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

// A commit between the two looks is no difference: what is still there once its invalidation is long due, is one.
void wait_for_invalidations() {
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
    const auto found = look_at(sample_keys(static_cast<std::size_t>(sample)));
    warn_of_unknown(found.unknown);
    if (!found.differences.empty()) {
        wait_for_invalidations();
        for (const auto& difference : found.differences) {
            report(result, difference);
        }
    }
    return Datum{0};
}

} // namespace helix::cache
