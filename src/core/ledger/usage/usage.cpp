// Chooses the shape of an object, and keeps what its reader counts.
#include "core/ledger/usage/usage.hpp"

#include "core/characters.hpp"
#include "core/error.hpp"
#include "core/ledger/usage/places.hpp"
#include "core/ledger/usage/shapes.hpp"

#include <algorithm>

namespace helix::usage {

namespace {

constexpr std::array<ShapeReader, shapes> readers{{
    {Shape::otel, "otel", is_otel, read_otel},
    {Shape::openinference, "openinference", is_openinference, read_openinference},
    {Shape::langfuse, "langfuse", is_langfuse, read_langfuse},
    {Shape::litellm_row, "litellm_row", is_litellm_row, read_litellm_row},
    {Shape::litellm, "litellm", is_litellm, read_litellm},
    {Shape::cohere, "cohere", is_cohere, read_cohere},
    {Shape::deepseek, "deepseek", is_deepseek, read_deepseek},
    {Shape::mistral, "mistral", is_mistral, read_mistral},
    {Shape::openai_chat, "openai_chat", is_openai_chat, read_openai_chat},
    {Shape::openai_duration, "openai_duration", is_openai_duration, read_openai_duration},
    {Shape::gemini, "gemini", is_gemini, read_gemini},
    {Shape::ollama, "ollama", is_ollama, read_ollama},
    {Shape::ai_sdk, "ai_sdk", is_ai_sdk, read_ai_sdk},
    {Shape::bedrock, "bedrock", is_bedrock, read_bedrock},
    {Shape::anthropic, "anthropic", is_anthropic, read_anthropic},
    {Shape::openai_responses, "openai_responses", is_openai_responses, read_openai_responses},
}};

constexpr bool are_in_order() {
    for (std::size_t i = 0; i < readers.size(); ++i) {
        if (static_cast<std::size_t>(readers[i].shape) != i) {
            return false;
        }
    }
    return true;
}
static_assert(are_in_order());

std::string names_of(std::span<const Field> fields) {
    constexpr std::size_t most_bytes = 200;
    std::string names;
    for (const Field& field : fields) {
        if (names.size() + field.path.size() > most_bytes) {
            return names + (names.empty() ? "…" : ", …");
        }
        names += (names.empty() ? "" : ", ") + std::string(field.path);
    }
    return names;
}

[[noreturn]] void refuse_shape(std::span<const Field> fields) {
    throw Error(sqlstate::invalid_parameter_value, "usage has no known shape",
                fields.empty() ? "It has no fields." : "Its fields are " + names_of(fields) + ".",
                "Pass the usage object of a provider as it came, or token counts as fields of their own.");
}

} // namespace

std::span<const ShapeReader> shape_readers() {
    return readers;
}

std::string_view name_of(Shape shape) {
    return readers[static_cast<std::size_t>(shape)].name;
}

void Counts::add(UsageType type, std::int64_t value) {
    auto& sum = values_[index_of(type)];
    if (value < 0 || value > max_count - sum) {
        throw Error(sqlstate::numeric_value_out_of_range, "usage is out of range",
                    "The sum of " + std::string(name_of(type)) + " is " + std::to_string(sum + value) + ".",
                    "Counts are 0 to " + std::to_string(max_count) + ".");
    }
    sum += value;
    given_[index_of(type)] = true;
}

std::optional<std::int64_t> Counts::sum(Column column) const {
    std::optional<std::int64_t> sum;
    for (std::size_t i = 0; i < usage_types; ++i) {
        if (given_[i] && column_of(static_cast<UsageType>(i)) == column) {
            sum = sum.value_or(0) + values_[i];
        }
    }
    return sum;
}

std::optional<Usage> find_usage(std::span<const Field> fields) {
    Fields all(fields);
    for (const Place& place : places) {
        Object object(all, place.usage);
        const auto* const reader =
            std::find_if(readers.begin(), readers.end(), [&object](const auto& one) { return one.matches(object); });
        if (reader == readers.end()) {
            continue;
        }
        Usage usage;
        usage.shape = reader->shape;
        usage.place = place.usage;
        reader->read(object, usage);
        if (usage.service_tier.empty()) {
            usage.service_tier = place.tier;
        }
        usage.read = all.read();
        return usage;
    }
    return std::nullopt;
}

Usage read_usage(std::span<const Field> fields) {
    auto usage = find_usage(fields);
    if (!usage) {
        refuse_shape(fields);
    }
    return *usage;
}

std::string tier_of(std::string_view written) {
    struct Alias {
        std::string_view written;
        std::string_view tier;
    };
    constexpr std::array<Alias, 8> aliases{{{"auto", "standard"},
                                            {"default", "standard"},
                                            {"standard_only", "standard"},
                                            {"unspecified", "standard"},
                                            {"traffic_type_unspecified", "standard"},
                                            {"on_demand", "standard"},
                                            {"on_demand_flex", "flex"},
                                            {"on_demand_priority", "priority"}}};
    std::string small(written);
    std::transform(small.begin(), small.end(), small.begin(), to_lower);
    for (const Alias& alias : aliases) {
        if (small == alias.written) {
            return std::string(alias.tier);
        }
    }
    return small;
}

} // namespace helix::usage
