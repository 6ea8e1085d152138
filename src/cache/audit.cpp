// helix.cache_audit(): compares what Redis holds with what SQL gives now.
#include "pg/prelude.hpp"

#include "cache/known_reads.hpp"
#include "cache/session.hpp"
#include "config.hpp"
#include "core/error.hpp"
#include "core/glob.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "access/htup_details.h"
#include "funcapi.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/jsonb.h"
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
        return connection.call({"GET", key}, deadline);
    });
    return reply && reply->is_text() ? std::optional(std::move(reply->text)) : std::nullopt;
}

struct Difference {
    std::string key;
    std::string cached;
};

// SQL's answer, and whether the text from Redis says the same. Raises PostgreSQL errors, for one on a text that is
// not JSON.
struct Comparison {
    Json current;
    Datum cached;
    bool equal;
};

Comparison compare(KnownRead* read, const char* cached) {
    Comparison result{run_known_read(read), DirectFunctionCall1(jsonb_in, CStringGetDatum(cached)), false};
    result.equal =
        !result.current.is_null && DatumGetBool(DirectFunctionCall2(jsonb_eq, result.current.value, result.cached));
    return result;
}

// The key's read where helix knows how to compute it.
KnownRead* read_of(const std::string& key) {
    const char* text = key.c_str();
    return pg::call([&] { return find_known_read(text); });
}

std::vector<Difference> differences_among(const std::vector<std::string>& keys) {
    std::vector<Difference> found;
    for (const auto& key : keys) {
        KnownRead* read = read_of(key);
        auto cached = read != nullptr ? plain_value(key) : std::nullopt;
        if (cached) {
            const char* text = cached->c_str();
            if (!pg::call([&] { return compare(read, text).equal; })) {
                found.push_back({key, std::move(*cached)});
            }
        }
    }
    return found;
}

// A commit between the two looks is no difference: what is still there once its invalidation is long due, is one.
void wait_for_invalidations() {
    const long wait_ms = config::cache_repeat_delay_ms + 100;
    pg::call([&] {
        WaitLatch(MyLatch, WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, wait_ms, PG_WAIT_EXTENSION);
        CHECK_FOR_INTERRUPTS();
    });
}

void report(ReturnSetInfo* result, const Difference& difference) {
    if (plain_value(difference.key) != difference.cached) {
        return;
    }
    KnownRead* read = read_of(difference.key);
    const char* key = difference.key.c_str();
    const char* text = difference.cached.c_str();
    pg::call([&] {
        const auto comparison = compare(read, text);
        if (!comparison.equal) {
            Datum values[] = {CStringGetTextDatum(key), comparison.cached, comparison.current.value};
            bool nulls[] = {false, false, comparison.current.is_null};
            tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
        }
    });
}

} // namespace

} // namespace helix::cache

using namespace helix;

HELIX_FUNCTION(helix_cache_audit) {
    const int sample = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT32(0);
    if (sample < 1 || sample > cache::largest_sample) {
        throw Error(sqlstate::invalid_parameter_value, "p_sample must be 1 to 100000",
                    "It is " + (PG_ARGISNULL(0) ? std::string("null") : std::to_string(sample)) + ".",
                    "Pass how many keys to compare.");
    }
    pg::call([&] { InitMaterializedSRF(fcinfo, 0); });
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    const auto differences = cache::differences_among(cache::sample_keys(static_cast<std::size_t>(sample)));
    if (!differences.empty()) {
        cache::wait_for_invalidations();
        for (const auto& difference : differences) {
            cache::report(result, difference);
        }
    }
    return Datum{0};
}
