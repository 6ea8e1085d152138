// Owns: how usage is kept in the ledger: three columns of tokens, and the types beyond them as jsonb. Used within
// ledger/ only.
#pragma once

#include "pg/prelude.hpp"

#include "core/ledger/pricing.hpp"

#include <array>
#include <span>

namespace helix::ledger {

// What an execution used, by type. Plain data.
struct Uses {
    std::array<Use, usage::usage_types> items;
    int count;

    std::span<const Use> all() const { return {items.data(), static_cast<std::size_t>(count)}; }
    std::int64_t of(usage::UsageType type) const {
        std::int64_t sum = 0;
        for (const Use& use : all()) {
            sum += use.type == type ? use.count : 0;
        }
        return sum;
    }
    void add(usage::UsageType type, std::int64_t amount) {
        if (amount != 0) {
            items[static_cast<std::size_t>(count++)] = {type, amount};
        }
    }
};

// The columns of tokens. Each is the sum of its types: what was written to a cache is in the input too.
struct TokenColumns {
    std::optional<std::int64_t> input;
    std::optional<std::int64_t> cached_input;
    std::optional<std::int64_t> output;
};

// The types beyond input, cached input and output as an object {"cache_write": 12304}; none where there are none. In
// the current memory context. Raises PostgreSQL errors.
std::optional<Datum> stored_types(const Uses& uses);

// The usage that these columns and this object (0: none) stand for. Names that are no types are left out.
Uses uses_of(const TokenColumns& columns, Datum types);

} // namespace helix::ledger
