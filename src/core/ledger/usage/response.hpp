// Owns: what a provider's whole answer tells of a call beside its usage. Anyone may use it.
#pragma once

#include "core/ledger/usage/usage.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace helix::usage {

// Views are into the fields that were read. What the answer does not tell is empty.
struct Response {
    std::string_view provider; // exporters tell it
    std::string_view model;
    std::string_view id;            // that the provider gave the answer: good as a request id
    std::string_view service_tier;  // as it is written: see tier_of()
    std::string_view finish_reason; // the provider's word: "stop", "end_turn", "incomplete"
    std::string error;              // kind and message; empty where the call succeeded
    std::optional<Usage> usage;     // none where the answer has none, as those that failed
};

// Reads a whole answer, an event of a stream that ends it, a row of a batch, or an exporter's row. Throws Error as
// read_usage() does, and 22023 where it tells neither usage nor an error.
Response read_response(std::span<const Field> fields);

} // namespace helix::usage
