// Owns: the fields of a price list that is a jsonb. Used within operations/ only. Raises PostgreSQL errors.
#pragma once

#include "pg/prelude.hpp"

#include "core/ledger/listed_price.hpp"

namespace helix::operations {

// Plain data in the current memory context; the texts are parts of the jsonb, or beside it.
struct ListedEntry {
    std::string_view name; // empty in a list of rows
    std::size_t first;     // of its fields
    std::size_t count;
};
struct ListedFields {
    bool are_rows; // an array of objects, else an object of objects
    ListedEntry* entries;
    std::size_t entry_count;
    ListedField* fields;
    std::size_t field_count;

    std::span<const ListedEntry> all() const { return {entries, entry_count}; }
    std::span<const ListedField> of(const ListedEntry& entry) const { return {fields + entry.first, entry.count}; }
};

// 22023 where it is neither an array nor an object.
ListedFields listed_fields(Datum jsonb);

// A time in such a list, by UTC where it has no zone. Throws Error 22008 outside the times that helix takes.
std::int64_t listed_time(std::string_view text);

} // namespace helix::operations
