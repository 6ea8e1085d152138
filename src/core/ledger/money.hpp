// Owns: exact amounts of money for pricing. Anyone may use it. No floating point.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace helix {

// An amount in USD as a whole number of 10^-18 USD. In that unit the price of tokens is exact. A price is whole
// pico-USD per million tokens, so that its product with a number of tokens is whole too.
class Money {
  public:
    __extension__ using Units = __int128;
    static constexpr int scale = 18;

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

// Price of a million tokens, requests or seconds in pico-USD (10^-12 USD), never negative. The same number is the price
// of one in units of Money.
__extension__ using PicoUsd = __int128;

// Reads a decimal such as "0.25" into pico-USD. Throws Error 22P02 on anything but digits with at most one point.
// Throws Error 22003 on more than twelve decimals, and from 10^9 USD on.
PicoUsd parse_pico_usd(std::string_view text);

// The same for the price of one, such as "0.0000025", rounded to pico-USD per million.
PicoUsd parse_price_of_one(std::string_view text);

// As parse_pico_usd() reads it: "2.5".
std::string usd_per_million(PicoUsd price);

// What `count` of them cost at `price` per million. Both are at least 0; throws Error 22003 on overflow.
Money price_of(PicoUsd price, std::int64_t count);

} // namespace helix
