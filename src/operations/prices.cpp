// Each backend's copy of helix.model_prices, helix.model_price_rates and helix.model_aliases.
#include "pg/prelude.hpp"

#include "operations/prices.hpp"

#include "operations/model_aliases.hpp"
#include "operations/model_names.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

#include <algorithm>
#include <array>

extern "C" {
#include "utils/inval.h"
}

namespace helix::operations {

namespace {

constexpr const char* tables[] = {"model_prices", "model_price_rates", "model_aliases"};

// As the copy of helix.operations: see operations.cpp.
struct Copy {
    PriceList prices;
    ModelAliases aliases;
    std::array<Oid, std::size(tables)> ids{};
    std::uint64_t read_at = 0;
    bool has_rates = false; // they are read when something is priced
};
Copy copy;
std::uint64_t changes = 1;

void mark_stale(Datum, Oid relation) {
    if (relation == InvalidOid || std::find(copy.ids.begin(), copy.ids.end(), relation) != copy.ids.end()) {
        ++changes;
    }
}

std::string_view text_of(std::uint64_t row, int column) {
    bool is_null = false;
    const Datum value = pg::column(row, column, &is_null);
    return is_null ? std::string_view{} : pg::text_view(value);
}

pg::Statement select_prices(R"(
    SELECT provider, model, valid_from, input_usd_per_mtok::pg_catalog.text, cached_input_usd_per_mtok::pg_catalog.text,
           output_usd_per_mtok::pg_catalog.text
      FROM helix.model_prices)");
struct PriceRow {
    enum : int { provider = 1, model, valid_from, input, cached_input, output };
};

void read_prices() {
    const auto rows = select_prices.execute_latest();
    for (std::uint64_t row = 0; row < rows; ++row) {
        const Price price{.input = parse_pico_usd(text_of(row, PriceRow::input)),
                          .cached_input = parse_pico_usd(text_of(row, PriceRow::cached_input)),
                          .output = parse_pico_usd(text_of(row, PriceRow::output))};
        copy.prices.add(text_of(row, PriceRow::provider), text_of(row, PriceRow::model),
                        DatumGetTimestampTz(pg::column(row, PriceRow::valid_from)), price);
    }
}

// The hours as 168 digits, the last hour of the week first; null for all.
pg::Statement select_rates(R"(
    SELECT provider, model, valid_from, usage_type, service_tier, above_prompt_tokens,
           CASE WHEN week_hours <> '{[0,168)}'
                THEN (SELECT pg_catalog.string_agg(CASE WHEN week_hours @> h THEN '1' ELSE '0' END, '' ORDER BY h DESC)
                        FROM pg_catalog.generate_series(0, 167) h) END,
           usd_per_million::pg_catalog.text
      FROM helix.model_price_rates)");
struct RateRow {
    enum : int { provider = 1, model, valid_from, usage_type, service_tier, above_prompt_tokens, hours, usd };
};

// Models that only have rates are known by them. Measured: a session that prices nothing saves most of the reading.
pg::Statement select_rated("SELECT DISTINCT provider, model FROM helix.model_price_rates");

void read_rated_models() {
    const auto rows = select_rated.execute_latest();
    for (std::uint64_t row = 0; row < rows; ++row) {
        copy.prices.card(text_of(row, RateRow::provider), text_of(row, RateRow::model));
    }
}

void read_rates() {
    const auto rows = select_rates.execute_latest();
    for (std::uint64_t row = 0; row < rows; ++row) {
        const auto type = usage::usage_type_of(text_of(row, RateRow::usage_type));
        if (!type) {
            continue; // a type of an earlier version
        }
        RateScope scope{.type = *type, .tier = std::string(text_of(row, RateRow::service_tier))};
        scope.above = DatumGetInt64(pg::column(row, RateRow::above_prompt_tokens));
        if (const auto hours = text_of(row, RateRow::hours); !hours.empty()) {
            scope.hours = WeekHours(std::string(hours));
        }
        Rate rate{DatumGetTimestampTz(pg::column(row, RateRow::valid_from)), std::nullopt};
        if (const auto usd = text_of(row, RateRow::usd); !usd.empty()) {
            rate.price = parse_pico_usd(usd);
        }
        copy.prices.card(text_of(row, RateRow::provider), text_of(row, RateRow::model)).add(scope, rate);
    }
}

pg::Statement select_aliases("SELECT pattern, provider, model FROM helix.model_aliases ORDER BY position, pattern");
struct AliasRow {
    enum : int { pattern = 1, provider, model };
};

void read_aliases() {
    const auto rows = select_aliases.execute_latest();
    for (std::uint64_t row = 0; row < rows; ++row) {
        copy.aliases.add(text_of(row, AliasRow::pattern), text_of(row, AliasRow::provider),
                         text_of(row, AliasRow::model));
    }
}

// An error leaves the copy to be read again.
void read_tables() {
    const auto started_at = changes;
    copy.read_at = 0;
    copy.prices.clear();
    copy.aliases.clear();
    forget_model_names();
    const Oid schema = get_namespace_oid("helix", false);
    std::transform(std::begin(tables), std::end(tables), copy.ids.begin(),
                   [schema](const char* table) { return get_relname_relid(table, schema); });
    pg::OwnerSpi spi;
    read_prices();
    read_rated_models();
    read_aliases();
    spi.finish();
    copy.has_rates = false;
    copy.read_at = started_at;
}

} // namespace

void initialize_prices() {
    CacheRegisterRelcacheCallback(mark_stale, 0);
}

const PriceList& prices() {
    AcceptInvalidationMessages(); // also in the middle of a transaction
    if (copy.read_at != changes) {
        read_tables();
    }
    return copy.prices;
}

const PriceList& prices_with_rates() {
    prices();
    if (!copy.has_rates) {
        const auto version = copy.read_at;
        copy.read_at = 0; // an error leaves all to be read again
        pg::OwnerSpi spi;
        read_rates();
        spi.finish();
        copy.has_rates = true;
        copy.read_at = version;
    }
    return copy.prices;
}

std::uint64_t prices_version() {
    prices();
    return copy.read_at;
}

ModelName resolve_model(const PriceList& prices, std::optional<std::string_view> used,
                        std::optional<std::string_view> model) {
    return name_model(prices, copy.aliases, used, model);
}

HELIX_FUNCTION(helix_is_usage_type) {
    PG_RETURN_BOOL(usage::usage_type_of(pg::text_view(PG_GETARG_DATUM(0))).has_value());
}

} // namespace helix::operations
