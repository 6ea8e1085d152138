// Adds, writes and reads exact amounts of money.
#include "core/ledger/money.hpp"

#include "core/characters.hpp"
#include "core/error.hpp"

#include <algorithm>

namespace helix {

namespace {

constexpr int price_decimals = 12;
constexpr PicoUsd prices_end = PicoUsd{1'000'000'000} * 1'000'000'000'000;

[[noreturn]] void refuse_price(const char* state, std::string_view text, const char* why) {
    throw Error(state, "invalid price", "\"" + std::string(text) + "\" " + why,
                "Give USD per million tokens with at most twelve decimals, such as 0.25.");
}

// `price` with one more digit at its end; `text` is the price as it was given.
PicoUsd with_digit(PicoUsd price, int digit, std::string_view text) {
    if (price >= prices_end / 10) { // before it overflows
        refuse_price(sqlstate::numeric_value_out_of_range, text, "is too large.");
    }
    return price * 10 + digit;
}

} // namespace

Money Money::operator+(Money other) const {
    Units sum = 0;
    if (__builtin_add_overflow(units_, other.units_, &sum)) {
        throw Error(sqlstate::numeric_value_out_of_range, "amount out of range");
    }
    return Money(sum);
}

std::string Money::to_string() const {
    __extension__ using Magnitude = unsigned __int128;
    Magnitude rest = units_ < 0 ? -static_cast<Magnitude>(units_) : static_cast<Magnitude>(units_);
    std::string digits; // least significant first
    for (int place = 0; rest != 0 || place <= scale; ++place) {
        if (place == scale) {
            digits.push_back('.');
        }
        digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
        rest /= 10;
    }
    if (units_ < 0) {
        digits.push_back('-');
    }
    std::reverse(digits.begin(), digits.end());
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') {
        digits.pop_back();
    }
    return digits;
}

PicoUsd parse_pico_usd(std::string_view text) {
    PicoUsd price = 0;
    int seen_decimals = -1; // -1: no point yet
    bool any_digit = false;
    for (const char c : text) {
        if (c == '.' && seen_decimals < 0) {
            seen_decimals = 0;
            continue;
        }
        if (!is_digit(c)) {
            refuse_price(sqlstate::invalid_text_representation, text, "is not a plain decimal number.");
        }
        any_digit = true;
        if (seen_decimals == price_decimals) {
            if (c != '0') {
                refuse_price(sqlstate::numeric_value_out_of_range, text, "has more than twelve decimals.");
            }
            continue;
        }
        seen_decimals += seen_decimals >= 0 ? 1 : 0;
        price = with_digit(price, c - '0', text);
    }
    if (!any_digit) {
        refuse_price(sqlstate::invalid_text_representation, text, "has no digits.");
    }
    for (int place = std::max(seen_decimals, 0); place < price_decimals; ++place) {
        price = with_digit(price, 0, text);
    }
    return price;
}

PicoUsd parse_price_of_one(std::string_view text) {
    constexpr std::size_t million = 6; // zeros
    const std::size_t point = std::min(text.find('.'), text.size());
    std::string decimals(text.substr(std::min(point + 1, text.size())));
    decimals.resize(std::max(decimals.size(), million + price_decimals), '0');
    PicoUsd price = parse_pico_usd(std::string(text.substr(0, point)) + decimals.substr(0, million) + "." +
                                   decimals.substr(million, price_decimals));
    const std::string_view rest = std::string_view(decimals).substr(million + price_decimals);
    if (std::any_of(rest.begin(), rest.end(), [](char c) { return !is_digit(c); })) {
        refuse_price(sqlstate::invalid_text_representation, text, "is not a plain decimal number.");
    }
    return !rest.empty() && rest.front() >= '5' ? price + 1 : price;
}

std::string usd_per_million(PicoUsd price) {
    constexpr int units_of_pico_usd = 1'000'000;
    return Money(price * units_of_pico_usd).to_string();
}

Money price_of(PicoUsd price, std::int64_t count) {
    Money::Units product = 0;
    if (__builtin_mul_overflow(price, static_cast<Money::Units>(count), &product)) {
        throw Error(sqlstate::numeric_value_out_of_range, "amount out of range");
    }
    return Money(product);
}

} // namespace helix
