#include "core/ledger/money.hpp"

#include "core/error.hpp"

#include <algorithm>

namespace helix {

namespace {

[[noreturn]] void out_of_range(const char* what) {
    throw Error(sqlstate::numeric_value_out_of_range, std::string(what) + " out of range");
}

} // namespace

Money Money::operator+(Money other) const {
    Units sum = 0;
    if (__builtin_add_overflow(units_, other.units_, &sum)) {
        out_of_range("amount");
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

MicroUsd parse_micro_usd(std::string_view text) {
    constexpr int decimals = 6;
    constexpr MicroUsd limit = 1'000'000'000'000LL * 1'000'000LL;
    const auto bad = [&](const char* state, const char* why) {
        throw Error(state, "invalid price", "\"" + std::string(text) + "\" " + why,
                    "Give USD per million tokens with at most six decimals, such as 0.25.");
    };
    MicroUsd value = 0;
    const auto append_digit = [&](int digit) {
        if (value >= limit / 10) { // before it overflows
            bad(sqlstate::numeric_value_out_of_range, "is too large.");
        }
        value = value * 10 + digit;
    };
    int seen_decimals = -1; // -1: no point yet
    bool any_digit = false;
    for (const char c : text) {
        if (c == '.' && seen_decimals < 0) {
            seen_decimals = 0;
            continue;
        }
        if (c < '0' || c > '9') {
            bad(sqlstate::invalid_text_representation, "is not a plain decimal number.");
        }
        any_digit = true;
        if (seen_decimals == decimals) {
            if (c != '0') {
                bad(sqlstate::numeric_value_out_of_range, "has more than six decimals.");
            }
            continue;
        }
        seen_decimals += seen_decimals >= 0 ? 1 : 0;
        append_digit(c - '0');
    }
    if (!any_digit) {
        bad(sqlstate::invalid_text_representation, "has no digits.");
    }
    for (int place = std::max(seen_decimals, 0); place < decimals; ++place) {
        append_digit(0);
    }
    return value;
}

Money price_of_tokens(MicroUsd price, std::int64_t tokens) {
    // 63 bits times 63 bits always fits in 127.
    return Money(static_cast<Money::Units>(price) * static_cast<Money::Units>(tokens));
}

} // namespace helix
