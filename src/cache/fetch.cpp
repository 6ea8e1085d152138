// helix.cache_get_or_fetch(), which reads through the cache by a query of the caller's, and helix.cache_read() for the
// keys whose query helix knows.
#include "pg/prelude.hpp"

#include "cache/cache_arguments.hpp"
#include "cache/callers_query.hpp"
#include "cache/known_reads.hpp"
#include "cache/read_through.hpp"
#include "cache/registered.hpp"
#include "callers/caller.hpp"
#include "core/cache/cache_key.hpp"
#include "core/error.hpp"
#include "core/uuid.hpp"
#include "pg/guard.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace helix::cache {

namespace {

constexpr long most_rows = 2; // that a query is run for: one too many is enough to refuse it

// The only value of the query that has just run, as a jsonb in `memory`; null where there is no row.
Json only_value(MemoryContext memory) {
    if (SPI_tuptable == nullptr) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the query must return rows"),
                        errhint("Write a SELECT without INTO.")));
    }
    TupleDesc columns = SPI_tuptable->tupdesc;
    const Oid type = columns->natts == 1 ? SPI_gettypeid(columns, 1) : InvalidOid;
    if (type != JSONBOID && type != JSONOID) {
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("the query must return one column of type jsonb"),
                        errhint("Write SELECT to_jsonb(t) FROM (your query) t, or jsonb_agg(t) for many rows.")));
    }
    if (SPI_processed > 1) {
        ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION), errmsg("the query must return one row at most"),
                        errdetail("It returned %llu.", static_cast<unsigned long long>(SPI_processed)),
                        errhint("Write SELECT jsonb_agg(t) FROM (your query) t.")));
    }
    bool is_null = true;
    Datum value = SPI_processed == 0 ? 0 : pg::only_column(0, &is_null);
    if (is_null) {
        return {};
    }
    if (type == JSONOID) {
        value = DirectFunctionCall1(jsonb_in, CStringGetDatum(TextDatumGetCString(value)));
    }
    const MemoryContext spi_memory = MemoryContextSwitchTo(memory);
    value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
    MemoryContextSwitchTo(spi_memory);
    return {value, false};
}

List* relations_in(MemoryContext memory, SPIPlanPtr plan) {
    const MemoryContext spi_memory = MemoryContextSwitchTo(memory);
    List* relations = relations_of(plan);
    MemoryContextSwitchTo(spi_memory);
    return relations;
}

struct CallersQuery {
    const char* text;
    List* relations = NIL; // that it reads; known once it has run
};

// As the caller, in their search_path: it is their query.
Json run_callers_query(void* argument) {
    auto& query = *static_cast<CallersQuery*>(argument);
    const MemoryContext memory = CurrentMemoryContext;
    pg::connect_spi();
    SPIPlanPtr plan = prepare_callers_query(query.text);
    query.relations = relations_in(memory, plan);
    if (SPI_execute_plan(plan, nullptr, nullptr, false, most_rows) < 0) {
        elog(ERROR, "could not run the query");
    }
    const Json value = only_value(memory);
    SPI_finish();
    return value;
}

// A value that is stored must not depend on the settings of the session that computed it.
void fix_settings() {
    for (const auto& [name, value] : {std::pair{"search_path", "pg_catalog, pg_temp"},
                                      {"timezone", "UTC"},
                                      {"intervalstyle", "postgres"},
                                      {"extra_float_digits", "1"}}) {
        pg::set_for_now(name, value);
    }
}

SPIPlanPtr prepare_known_read(const KnownRead& read) {
    Oid types[KnownRead::most_parameters];
    std::fill_n(types, read.parameter_count, TEXTOID);
    SPIPlanPtr plan = SPI_prepare(read.query, read.parameter_count, types);
    if (plan == nullptr || list_length(SPI_plan_get_plan_sources(plan)) != 1) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the query of the key's family must be one SELECT"),
                 errhint("Mend it in helix_internal.known_reads.")));
    }
    return plan;
}

} // namespace

Json run_known_read(void* argument) {
    auto& read = *static_cast<KnownRead*>(argument);
    const MemoryContext memory = CurrentMemoryContext;
    const int nesting = NewGUCNestLevel();
    fix_settings();
    pg::connect_spi();
    Datum values[KnownRead::most_parameters];
    std::transform(read.parameters, read.parameters + read.parameter_count, values,
                   [](const char* parameter) { return CStringGetTextDatum(parameter); });
    SPIPlanPtr plan = prepare_known_read(read);
    read.relations = relations_in(memory, plan);
    if (SPI_execute_plan(plan, values, nullptr, false, most_rows) < 0) {
        elog(ERROR, "could not run the query of a known key");
    }
    const Json value = only_value(memory);
    SPI_finish();
    AtEOXact_GUC(true, nesting);
    return value;
}

HELIX_FUNCTION(helix_cache_get_or_fetch) {
    struct Argument {
        enum : int { key, query, ttl_s };
    };
    const auto key = key_argument(fcinfo, Argument::key);
    const auto text = text_argument(fcinfo, Argument::query, "p_query");
    const int ttl_s = ttl_argument(fcinfo, Argument::ttl_s);
    check_not_known(key);
    CallersQuery query{text.c_str()};
    const auto value = read_through(key, ttl_s, run_callers_query, &query);
    warn_of_unregistered(key, query.relations);
    return result_of(fcinfo, value);
}

HELIX_FUNCTION(helix_cache_read) {
    // Before any object of C++ is alive: reading the caller's claims may raise.
    const auto user =
        PG_ARGISNULL(0) ? std::nullopt : parse_uuid(cache_key::user_of(pg::text_view(PG_GETARG_DATUM(0))));
    if (user) {
        pg_uuid_t id;
        std::copy_n(user->begin(), user->size(), id.data);
        callers::check_acts_for(id);
    }
    const auto key = key_argument(fcinfo, 0);
    const char* text = key.c_str();
    auto* read = pg::call([&] { return find_known_read(text); });
    if (read == nullptr || !user) {
        throw Error(sqlstate::invalid_parameter_value, "helix does not know how to compute this key",
                    "It is \"" + key + "\".",
                    "The keys are listed in helix_internal.known_reads; for others use helix.cache_get_or_fetch().");
    }
    const auto value = read_through(key, read->ttl_s, run_known_read, read);
    warn_of_unregistered(key, read->relations);
    return result_of(fcinfo, value);
}

} // namespace helix::cache
