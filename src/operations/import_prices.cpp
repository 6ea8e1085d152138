// helix.import_prices: compares a price list with ours, and takes it over.
#include "pg/prelude.hpp"

#include "core/json.hpp"
#include "core/ledger/litellm_prices.hpp"
#include "core/ledger/own_list.hpp"
#include "core/ledger/price_import.hpp"
#include "operations/listed_fields.hpp"
#include "operations/prices.hpp"
#include "pg/bounds.hpp"
#include "pg/guard.hpp"
#include "pg/numeric.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/times.hpp"
#include "pg/values.hpp"

extern "C" {
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
}

namespace helix::operations {

namespace {

constexpr std::size_t most_list_bytes = 16U << 20U; // LiteLLM's has 1.5 MB

struct Argument {
    enum : int { prices, dry_run, valid_from };
};

// $1: rows as write_rows() has them.
pg::Statement write_plain(R"(
    INSERT INTO helix.model_prices AS p
           (provider, model, valid_from, input_usd_per_mtok, cached_input_usd_per_mtok, output_usd_per_mtok)
    SELECT r.provider, r.model, r.valid_from, r.input, r.cached_input, r.output
      FROM pg_catalog.jsonb_to_recordset($1) AS r (provider text, model text, valid_from timestamptz, input numeric,
                                                   cached_input numeric, output numeric)
        ON CONFLICT (provider, model, valid_from) DO UPDATE
       SET input_usd_per_mtok = excluded.input_usd_per_mtok,
           cached_input_usd_per_mtok = excluded.cached_input_usd_per_mtok,
           output_usd_per_mtok = excluded.output_usd_per_mtok)",
                          {JSONBOID});
pg::Statement write_rates(R"(
    INSERT INTO helix.model_price_rates AS p
           (provider, model, valid_from, usage_type, service_tier, above_prompt_tokens, week_hours, usd_per_million)
    SELECT r.provider, r.model, r.valid_from, r.usage_type, r.service_tier, r.above, r.week_hours, r.usd
      FROM pg_catalog.jsonb_to_recordset($1) AS r (provider text, model text, valid_from timestamptz, usage_type text,
                                                   service_tier text, above bigint, week_hours int4multirange,
                                                   usd numeric)
        ON CONFLICT (provider, model, usage_type, service_tier, above_prompt_tokens, week_hours, valid_from)
        DO UPDATE SET usd_per_million = excluded.usd_per_million)",
                          {JSONBOID});

PriceListing read_list(Datum jsonb) {
    const auto fields = pg::call([jsonb] { return listed_fields(jsonb); });
    PriceListing listing;
    std::size_t number = 0;
    for (const auto& entry : fields.all()) {
        if (fields.are_rows) {
            read_own_row(++number, fields.of(entry), listed_time, listing);
        } else {
            read_litellm_entry(entry.name, fields.of(entry), listing);
        }
    }
    return listing;
}

// What an alias knows the model as, at the same provider.
const RateCard* find_alias(const PriceList& list, std::string_view provider, std::string_view model) {
    const auto name = resolve_model(list, provider, model);
    return name.provider == provider ? list.find(name.provider, name.model) : nullptr;
}

std::string time_text(TimestampTz time) {
    std::array<char, MAXDATELEN + 1> text{};
    pg::call([&text, time] { JsonEncodeDateTime(text.data(), TimestampTzGetDatum(time), TIMESTAMPTZOID, nullptr); });
    return text.data();
}

// An array of objects, field by field.
class Rows {
  public:
    Rows& begin() {
        json_ += json_.size() > 1 ? ",{" : "{";
        return *this;
    }
    Rows& field(std::string_view name, std::string_view value) {
        json_ += json_.back() == '{' ? "" : ",";
        append_json_quoted(json_, name);
        json_ += ':';
        append_json_quoted(json_, value);
        return *this;
    }
    Rows& price(std::string_view name, const std::optional<PicoUsd>& price) { // null where there is none
        return price ? field(name, usd_per_million(*price)) : *this;
    }
    void end() { json_ += '}'; }

    void write(pg::Statement& statement) {
        json_ += ']';
        pg::call([json = json_.c_str(), &statement] {
            const Datum rows = DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
            statement.execute(&rows);
        });
    }

  private:
    std::string json_ = "[";
};

// As the caller, whose rights the tables check.
void take_over(const PriceImport& import) {
    Rows plain;
    for (const auto& row : import.plain) {
        plain.begin().field("provider", row.provider).field("model", row.model);
        plain.field("valid_from", time_text(row.valid_from)).price("input", row.price.input);
        plain.price("cached_input", row.price.cached_input).price("output", row.price.output).end();
    }
    Rows rates;
    for (const auto& change : import.changes) {
        const RateScope& scope = change.to.scope;
        if (!is_plain(scope)) {
            rates.begin().field("provider", change.to.provider).field("model", change.to.model);
            rates.field("valid_from", time_text(change.valid_from)).field("usage_type", usage::name_of(scope.type));
            rates.field("service_tier", scope.tier).field("above", std::to_string(scope.above));
            rates.field("week_hours", to_text(scope.hours)).price("usd", change.to.price).end();
        }
    }
    pg::call([] { pg::connect_spi(); });
    plain.write(write_plain);
    rates.write(write_rates);
    pg::call([] { SPI_finish(); });
}

void add_text(pg::Values& row, std::string_view text) {
    row.add(text.empty() ? 0 : pg::text_datum(text), text.empty());
}

void add_change(const PriceChange& change, ReturnSetInfo& result) {
    const RateScope& scope = change.to.scope;
    const std::string hours = to_text(scope.hours);
    const std::string old_usd = change.old_price ? usd_per_million(*change.old_price) : std::string();
    const std::string new_usd = change.to.price ? usd_per_million(*change.to.price) : std::string();
    pg::call([&change, &scope, &result, hours = hours.c_str(), old_usd = std::string_view(old_usd),
              new_usd = std::string_view(new_usd)] {
        const auto add_usd = [](pg::Values& row, std::string_view usd) {
            row.add(usd.empty() ? 0 : pg::numeric_datum(usd), usd.empty());
        };
        pg::Values row;
        row.add(pg::text_datum(change.to.provider)).add(pg::text_datum(change.to.model));
        row.add(pg::text_datum(usage::name_of(scope.type))).add(pg::text_datum(scope.tier));
        row.add(Int64GetDatum(scope.above)).add_text(hours).add(TimestampTzGetDatum(change.valid_from));
        add_usd(row, old_usd);
        add_usd(row, new_usd);
        row.add_text(change.old_price ? "changed" : "new").add_null();
        tuplestore_putvalues(result.setResult, result.setDesc, row.values(), row.nulls());
    });
}

void add_trouble(const ListedTrouble& trouble, const char* what, ReturnSetInfo& result) {
    pg::call([&trouble, what, &result] {
        constexpr int rate_columns = 7;
        pg::Values row;
        add_text(row, trouble.provider);
        add_text(row, trouble.model);
        for (int i = 0; i < rate_columns; ++i) {
            row.add_null();
        }
        row.add_text(what);
        add_text(row, trouble.reason);
        tuplestore_putvalues(result.setResult, result.setDesc, row.values(), row.nulls());
    });
}

[[noreturn]] void refuse(const ListedTrouble& trouble) {
    throw Error(sqlstate::invalid_parameter_value, "the price list cannot be imported",
                "\"" + trouble.provider + "\", \"" + trouble.model + "\": " + trouble.reason,
                "A dry run lists all that is refused. Leave it out of the list, or correct it.");
}

ImportTimes times_of(FunctionCallInfo fcinfo) {
    ImportTimes times{GetCurrentTransactionStartTimestamp(), std::nullopt};
    if (!PG_ARGISNULL(Argument::valid_from)) {
        times.valid_from = pg::checked_time(PG_GETARG_TIMESTAMPTZ(Argument::valid_from), "p_valid_from");
    }
    return times;
}

} // namespace

HELIX_FUNCTION(helix_import_prices) {
    InitMaterializedSRF(fcinfo, 0);
    auto& result = *reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    const Datum jsonb = pg::required(fcinfo, Argument::prices, "p_prices", "Pass LiteLLM's file, or an array of rows.");
    const bool dry_run = DatumGetBool(pg::required(fcinfo, Argument::dry_run, "p_dry_run"));
    pg::check_json("p_prices", jsonb, most_list_bytes);
    const ImportTimes times = times_of(fcinfo);
    const PriceList& list = prices_with_rates();
    PriceListing listing = read_list(jsonb);
    const auto import = compare(listing, list, times, [&list](std::string_view provider, std::string_view model) {
        return find_alias(list, provider, model);
    });
    if (!dry_run && !listing.refused.empty()) {
        refuse(listing.refused.front());
    }
    for (const auto& change : import.changes) {
        add_change(change, result);
    }
    for (const auto& trouble : listing.refused) {
        add_trouble(trouble, "refused", result);
    }
    for (const auto& trouble : listing.skipped) {
        add_trouble(trouble, "skipped", result);
    }
    if (!dry_run) {
        take_over(import);
    }
    return 0;
}

} // namespace helix::operations
