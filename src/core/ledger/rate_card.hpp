// Owns: the rates of one model at one provider, and which of them holds for a call. Used by pricing and price_list.
#pragma once

#include "core/ledger/money.hpp"
#include "core/ledger/usage/usage_type.hpp"
#include "core/ledger/week_hours.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace helix {

inline constexpr std::string_view standard_tier = "standard";

// What a rate is for.
struct RateScope {
    usage::UsageType type = usage::UsageType::input;
    std::string tier = std::string(standard_tier);
    std::int64_t above = 0;              // prompt tokens: it holds for prompts that are longer
    WeekHours hours = WeekHours().set(); // all: at any time

    bool operator==(const RateScope&) const = default;
};

// The circumstances of a call that decide the rate. Times are microseconds since 2000-01-01 00:00 UTC.
struct RateQuery {
    std::string_view tier = standard_tier;
    std::int64_t prompt = 0; // tokens of all types that are in the prompt
    std::int64_t at = 0;
};

// A price from `valid_from` until the scope's next one. Without a price the scope has ended.
struct Rate {
    std::int64_t valid_from = 0;
    std::optional<PicoUsd> price;
};

struct FoundRate {
    const RateScope* scope;
    const Rate* rate;
};

class RateCard {
  public:
    void add(const RateScope& scope, const Rate& rate);

    // The rate for one type: of the scopes that hold, the one above the most tokens. Of two such, the one that holds
    // for some hours only. Tier and type have to be these: the caller tries what stands in for them.
    std::optional<FoundRate> find(usage::UsageType type, const RateQuery& query) const;

    // The price of exactly this scope at `at`; none where it has none.
    std::optional<PicoUsd> price_of(const RateScope& scope, std::int64_t at) const;

    bool has_tier(std::string_view tier) const;

    bool empty() const { return series_.empty(); }

  private:
    struct Series {
        RateScope scope;
        std::vector<Rate> rates; // oldest first
    };
    std::vector<Series> series_;
};

} // namespace helix
