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
#include <utility>

extern "C" {
#include "utils/inval.h"
}

namespace helix::operations {

namespace {

constexpr const char* tables[] = {"model_prices", "model_price_rates", "model_aliases"};

// As the copy of helix.operations: see operations.cpp. A model's card is empty until something of it is priced.
struct Copy {
    PriceList prices;
    ModelAliases aliases;
    std::array<Oid, std::size(tables)> ids{};
    std::uint64_t read_at = 0;
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

pg::Statement select_models(R"(
    SELECT provider, model FROM helix.model_prices
    UNION
    SELECT provider, model FROM helix.model_price_rates)");

// The rates of models, with those that stand in helix.model_prices: one statement, so that they fit together. `where`:
// of which models.
std::string rates_statement(const std::string& where) {
    return R"(
    SELECT p.provider, p.model, p.valid_from, t.usage_type, 'standard', 0::bigint, '{[0,168)}',
           t.usd::pg_catalog.text
      FROM helix.model_prices p
     CROSS JOIN LATERAL (VALUES ('input', p.input_usd_per_mtok), ('cached_input', p.cached_input_usd_per_mtok),
                                ('output', p.output_usd_per_mtok)) t (usage_type, usd))" +
           where + R"(
     UNION ALL
    SELECT p.provider, p.model, p.valid_from, p.usage_type, p.service_tier, p.above_prompt_tokens,
           p.week_hours::pg_catalog.text, p.usd_per_million::pg_catalog.text
      FROM helix.model_price_rates p)" +
           where;
}

const std::string all_rates = rates_statement({});
pg::Statement select_all_rates(all_rates.c_str());
const std::string model_rates = rates_statement(" WHERE p.provider = $1 AND p.model = $2");
pg::Statement select_model_rates(model_rates.c_str(), {TEXTOID, TEXTOID});
struct RateRow {
    enum : int { provider = 1, model, valid_from, usage_type, service_tier, above_prompt_tokens, hours, usd };
};

void read_models() {
    const auto rows = select_models.execute_latest();
    for (std::uint64_t row = 0; row < rows; ++row) {
        copy.prices.card(text_of(row, RateRow::provider), text_of(row, RateRow::model));
    }
}

void add_rate(std::uint64_t row) {
    const auto type = usage::usage_type_of(text_of(row, RateRow::usage_type));
    if (!type) {
        return; // a type of an earlier version
    }
    RateScope scope{.type = *type, .tier = std::string(text_of(row, RateRow::service_tier))};
    scope.above = DatumGetInt64(pg::column(row, RateRow::above_prompt_tokens));
    scope.hours = parse_week_hours(text_of(row, RateRow::hours)).value();
    Rate rate{DatumGetTimestampTz(pg::column(row, RateRow::valid_from)), std::nullopt};
    if (const auto usd = text_of(row, RateRow::usd); !usd.empty()) {
        rate.price = parse_pico_usd(usd);
    }
    copy.prices.card(text_of(row, RateRow::provider), text_of(row, RateRow::model)).add(scope, rate);
}

// An error leaves all of the copy to be read again.
void read_rates(pg::Statement& select, const Datum* names) {
    const auto version = std::exchange(copy.read_at, 0);
    pg::OwnerSpi spi;
    const auto rows = select.execute_latest(names);
    for (std::uint64_t row = 0; row < rows; ++row) {
        add_rate(row);
    }
    spi.finish();
    copy.read_at = version;
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
    read_models();
    read_aliases();
    spi.finish();
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

const RateCard* rates_of(std::string_view provider, std::string_view model) {
    const RateCard* card = copy.prices.find(provider, model);
    if (card != nullptr && card->empty()) {
        const Datum names[] = {pg::text_datum(provider), pg::text_datum(model)};
        read_rates(select_model_rates, names);
    }
    return card;
}

const PriceList& prices_with_rates() {
    read_tables();
    read_rates(select_all_rates, nullptr);
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
