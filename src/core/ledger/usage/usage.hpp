// Owns: what a call used, read from the object that its provider or an exporter wrote. Anyone may use it.
#pragma once

#include "core/ledger/usage/fields.hpp"
#include "core/ledger/usage/usage_type.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace helix::usage {

// The form of an object, by its sender.
enum class Shape : std::uint8_t {
    otel,
    openinference,
    langfuse,
    litellm_row,
    litellm,
    cohere,
    deepseek,
    mistral,
    openai_chat,
    openai_duration,
    gemini,
    ollama,
    ai_sdk,
    bedrock,
    anthropic,
    openai_responses,
};
inline constexpr std::size_t shapes = 16;

std::string_view name_of(Shape shape);

// How much of each type. What was not given is 0, and not has().
class Counts {
  public:
    std::int64_t operator[](UsageType type) const { return values_[index_of(type)]; }
    bool has(UsageType type) const { return given_[index_of(type)]; }

    // Throws Error 22003 where the type comes to more than max_count.
    void add(UsageType type, std::int64_t value);

    // The sum of the types of a column; none where none of them was given.
    std::optional<std::int64_t> sum(Column column) const;

  private:
    std::array<std::int64_t, usage_types> values_{};
    std::array<bool, usage_types> given_{};
};

// Views are into the fields that were read.
struct Usage {
    Shape shape{};
    std::string_view place; // where it was found, such as "usage."; empty where the object itself is usage
    Counts counts;
    // The counts were not read as the sender documents them: input was meant without its parts, or reasoning beside
    // output, as the numbers themselves show. Of Langfuse's rows: their parts were read as standing beside input.
    bool marked = false;
    std::string_view cost_usd;     // what the row reports, as decimal text; empty where it reports none
    std::string_view service_tier; // as it is written; empty where it is not
    ReadFields read;               // every other field is unknown, and worth keeping
};

// Reads the usage that the fields hold; none where they have no known shape. Throws Error as read_usage() does.
std::optional<Usage> find_usage(std::span<const Field> fields);

// Reads a usage object, or a response or row that has one. Throws Error 22023 where it has no known shape or
// contradicts itself, and as Object::count() does.
Usage read_usage(std::span<const Field> fields);

// The tier that prices have: "standard" for default, auto, on_demand and the like, else the word in small letters.
std::string tier_of(std::string_view written);

} // namespace helix::usage
