// Owns: usage as a provider or an exporter wrote it, on its way into an execution. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

#include "core/ledger/usage/usage.hpp"
#include "ledger/flat_json.hpp"
#include "ledger/stored_usage.hpp"

namespace helix::ledger {

// Plain data in the current memory context.
struct ProviderUsage {
    Uses uses;
    TokenColumns columns;
    std::string_view service_tier; // as the sender wrote it; empty where they did not
    std::optional<Datum> cost_usd; // numeric, that the row reports
    std::optional<Datum> unread;   // jsonb: what no reader knows, by its path
    bool marked;                   // see usage::Usage
};

// Throws helix::Error as usage::read_usage() does.
ProviderUsage read_usage(Datum jsonb);

// The same of what has been read already from these fields.
ProviderUsage usage_of(const usage::Usage& read, const FlatJson& json);

// The metadata with what else is worth keeping: "unread_usage" and "usage_reading".
std::optional<Datum> metadata_with(std::optional<Datum> metadata, const ProviderUsage& usage);

} // namespace helix::ledger
