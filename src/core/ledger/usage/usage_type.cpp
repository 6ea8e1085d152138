// The table of types: names, what each is priced as, and its column.
#include "core/ledger/usage/usage_type.hpp"

#include <algorithm>

namespace helix::usage {

namespace {

struct Kind {
    UsageType type;
    std::string_view name;
    std::optional<UsageType> priced_as;
    Column column;
};

constexpr std::array<Kind, usage_types> kinds{{
    {UsageType::input, "input", std::nullopt, Column::input_tokens},
    {UsageType::cached_input, "cached_input", UsageType::input, Column::cached_input_tokens},
    {UsageType::cache_write, "cache_write", UsageType::input, Column::input_tokens},
    {UsageType::cache_write_1h, "cache_write_1h", UsageType::cache_write, Column::input_tokens},
    {UsageType::input_audio, "input_audio", UsageType::input, Column::input_tokens},
    {UsageType::cached_input_audio, "cached_input_audio", UsageType::cached_input, Column::cached_input_tokens},
    {UsageType::input_image, "input_image", UsageType::input, Column::input_tokens},
    {UsageType::cached_input_image, "cached_input_image", UsageType::cached_input, Column::cached_input_tokens},
    {UsageType::output, "output", std::nullopt, Column::output_tokens},
    {UsageType::reasoning, "reasoning", UsageType::output, Column::output_tokens},
    {UsageType::output_audio, "output_audio", UsageType::output, Column::output_tokens},
    {UsageType::output_image, "output_image", UsageType::output, Column::output_tokens},
    {UsageType::audio_seconds, "audio_seconds", std::nullopt, Column::none},
    {UsageType::web_search, "web_search", std::nullopt, Column::none},
    {UsageType::web_fetch, "web_fetch", std::nullopt, Column::none},
    {UsageType::rerank, "rerank", std::nullopt, Column::none},
}};

constexpr bool are_in_order() {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (index_of(kinds[i].type) != i) {
            return false;
        }
    }
    return true;
}
static_assert(are_in_order());

} // namespace

std::string_view name_of(UsageType type) {
    return kinds[index_of(type)].name;
}

std::optional<UsageType> usage_type_of(std::string_view name) {
    const auto* const found =
        std::find_if(kinds.begin(), kinds.end(), [name](const Kind& kind) { return kind.name == name; });
    return found == kinds.end() ? std::nullopt : std::optional(found->type);
}

std::optional<UsageType> priced_as(UsageType type) {
    return kinds[index_of(type)].priced_as;
}

Column column_of(UsageType type) {
    return kinds[index_of(type)].column;
}

} // namespace helix::usage
