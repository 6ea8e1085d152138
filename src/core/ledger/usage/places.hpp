// Owns: where usage stands in what a client may hand over, whole answers, events of streams and rows of batches. For
// usage.cpp and response.cpp.
#pragma once

#include <array>
#include <string_view>

namespace helix::usage {

struct Place {
    std::string_view usage;    // what the fields of the usage begin with
    std::string_view response; // what those of the answer around it begin with
    std::string_view tier;     // that the place itself tells
};

// The object itself comes first: some answers and rows hold their counts beside everything else.
inline constexpr std::array<Place, 12> places{{
    {"", "", ""},
    {"usage.", "", ""},
    {"usageMetadata.", "", ""},
    {"usage_metadata.", "", ""},
    {"meta.", "", ""},                                     // of Cohere's embeddings and reranking
    {"response.usage.", "response.", ""},                  // an event of OpenAI's Responses or realtime
    {"response.usageMetadata.", "response.", ""},          // a row of Gemini's batches
    {"response.body.usage.", "response.body.", "batch"},   // a row of OpenAI's batches
    {"message.usage.", "message.", ""},                    // the first event of Anthropic's streams
    {"result.message.usage.", "result.message.", "batch"}, // a row of Anthropic's batches
    {"metadata.usage.", "metadata.", ""},                  // the last event of Converse's streams
    {"attributes.", "attributes.", ""},                    // a span
}};

} // namespace helix::usage
