// Owns: exact amounts of money for pricing. Anyone may use it. No floating point.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace helix {

// An amount in USD as a whole number of 10^-12 USD. In that unit the price of tokens is exact. A price is whole
// micro-USD per million tokens, so that its product with a number of tokens is whole too.
class Money {
  public:
    __extension__ using Units = __int128;
    static constexpr int scale = 12;

    constexpr Money() = default;
    constexpr explicit Money(Units units) : units_(units) {}

    constexpr Units units() const { return units_; }
    constexpr bool operator==(const Money& other) const = default;

    // Sum; throws Error 22003 where it leaves the range of 128 bits.
    Money operator+(Money other) const;

    // Decimal notation in USD without trailing zeros: "0.0123", "-3", "0".
    std::string to_string() const;

  private:
    Units units_ = 0;
};

// Price of a million tokens in micro-USD (10^-6 USD), never negative.
using MicroUsd = std::int64_t;

// Reads a decimal such as "0.25" into micro-USD. Throws Error 22P02 on anything but digits with at most one point.
// Throws Error 22003 on more than six decimals, and from 10^12 USD on.
MicroUsd parse_micro_usd(std::string_view text);

// What `tokens` cost at `price` per million. Both are at least 0; throws Error 22003 on overflow.
Money price_of_tokens(MicroUsd price, std::int64_t tokens);

} // namespace helix
