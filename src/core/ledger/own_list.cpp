// Reads rows of helix.model_prices and helix.model_price_rates as objects with their columns.
#include "core/ledger/own_list.hpp"

#include "core/characters.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <charconv>

namespace helix {

namespace {

using usage::UsageType;

[[noreturn]] void refuse(const ListedField& field, const std::string& why) {
    throw Error(sqlstate::invalid_parameter_value, "invalid price", std::string(field.name) + " " + why);
}

std::string_view text_of(const ListedField& field) {
    if (field.kind != ListedField::Kind::text) {
        refuse(field, "is no string.");
    }
    return field.text;
}

// Numbers may be given as strings, which keep their digits in every client.
std::string_view digits_of(const ListedField& field) {
    if (field.kind != ListedField::Kind::text && field.kind != ListedField::Kind::number) {
        refuse(field, "is no number.");
    }
    return field.text;
}

PicoUsd price_of(const ListedField& field) {
    try {
        return parse_pico_usd(digits_of(field));
    } catch (const Error& error) {
        refuse(field, "has no price: " + error.detail);
    }
}

std::int64_t tokens_of(const ListedField& field) {
    constexpr std::int64_t most = 1'000'000'000;
    const auto text = digits_of(field);
    std::int64_t tokens = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), tokens);
    if (error != std::errc() || rest != text.data() + text.size() || tokens < 0 || tokens > most) {
        refuse(field, "is no whole number from 0 to 1000000000.");
    }
    return tokens;
}

struct PriceColumn {
    std::string_view name;
    UsageType type;
};
constexpr PriceColumn price_columns[] = {{"input_usd_per_mtok", UsageType::input},
                                         {"cached_input_usd_per_mtok", UsageType::cached_input},
                                         {"output_usd_per_mtok", UsageType::output}};

class Row {
  public:
    explicit Row(ReadTime read_time) : read_time_(read_time) {}

    void read(const ListedField& field) {
        if (field.name == "usd_per_million") {
            has_rate_ = true;
            row_.price = field.kind == ListedField::Kind::null ? std::nullopt : std::optional(price_of(field));
        } else if (field.name != "shipped" && field.kind != ListedField::Kind::null && !read_price(field) &&
                   !read_name(field) && !read_scope(field)) {
            refuse(field, "is no column of helix.model_prices or helix.model_price_rates.");
        }
    }

    const ListedPrice& row() const { return row_; }

    void add_to(PriceListing& listing) {
        check_listed_name("provider", row_.provider);
        check_listed_name("model", row_.model);
        if (has_rate_ != has_type_ || has_rate_ == !plain_.empty()) {
            throw Error(sqlstate::invalid_parameter_value, "invalid price",
                        "It has to have either usage_type and usd_per_million, or prices per mtok.");
        }
        if (has_rate_) {
            add_rate(listing);
        } else {
            add_plain(listing);
        }
    }

  private:
    bool read_price(const ListedField& field) {
        for (const auto& column : price_columns) {
            if (column.name == field.name) {
                ListedPrice& price = plain_.emplace_back();
                price.scope.type = column.type;
                price.price = price_of(field);
                return true;
            }
        }
        return false;
    }

    bool read_name(const ListedField& field) {
        if (field.name == "provider") {
            row_.provider = text_of(field);
        } else if (field.name == "model") {
            row_.model = text_of(field);
        } else if (field.name == "valid_from") {
            row_.valid_from = read_time_(text_of(field));
        } else {
            return false;
        }
        return true;
    }

    bool read_scope(const ListedField& field) {
        if (field.name == "usage_type") {
            const auto type = usage::usage_type_of(text_of(field));
            has_type_ = true;
            if (!type) {
                refuse(field, "is unknown: \"" + std::string(field.text) + "\".");
            }
            row_.scope.type = *type;
        } else if (field.name == "service_tier") {
            row_.scope.tier = tier_of(field);
        } else if (field.name == "above_prompt_tokens") {
            row_.scope.above = tokens_of(field);
        } else if (field.name == "week_hours") {
            row_.scope.hours = hours_of(field);
        } else {
            return false;
        }
        return true;
    }

    static std::string tier_of(const ListedField& field) {
        constexpr std::size_t longest_tier = 40;
        check_listed_name("service_tier", text_of(field), longest_tier);
        if (std::any_of(field.text.begin(), field.text.end(), is_capital)) {
            refuse(field, "has capitals: \"" + std::string(field.text) + "\".");
        }
        return std::string(field.text);
    }

    static WeekHours hours_of(const ListedField& field) {
        const auto hours = parse_week_hours(text_of(field));
        if (!hours) {
            refuse(field, "has no hours of the week, such as \"{[0,24)}\".");
        }
        return *hours;
    }

    void add_rate(PriceListing& listing) {
        if (is_plain(row_.scope) && !row_.price) {
            throw Error(sqlstate::invalid_parameter_value, "invalid price",
                        "The standard price of input, cached input or output cannot end.");
        }
        listing.prices.push_back(row_);
    }

    void add_plain(PriceListing& listing) {
        if (row_.scope != RateScope()) {
            throw Error(sqlstate::invalid_parameter_value, "invalid price",
                        "Prices per mtok are of the standard tier, at any time and any length.");
        }
        for (ListedPrice& price : plain_) {
            price.provider = row_.provider;
            price.model = row_.model;
            price.valid_from = row_.valid_from;
            listing.prices.push_back(std::move(price));
        }
    }

    ReadTime read_time_;
    ListedPrice row_;
    std::vector<ListedPrice> plain_;
    bool has_type_ = false;
    bool has_rate_ = false;
};

} // namespace

void read_own_row(std::size_t number, std::span<const ListedField> fields, ReadTime read_time, PriceListing& listing) {
    Row row(read_time);
    try {
        for (const auto& field : fields) {
            row.read(field);
        }
        row.add_to(listing);
    } catch (const Error& error) {
        listing.refused.push_back(
            {row.row().provider, row.row().model, "Row " + std::to_string(number) + ": " + error.detail});
    }
}

} // namespace helix
