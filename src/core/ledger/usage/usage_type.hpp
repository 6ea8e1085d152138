// Owns: the kinds of usage that have prices of their own, and what each is priced as where it has none. Anyone may use
// it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace helix::usage {

// Tokens, but for the last, which are seconds, requests and searches. No token is counted in two types. So `output` is
// without `reasoning`, and `input` without what was read from a cache, written to one, or heard.
enum class UsageType : std::uint8_t {
    input,
    cached_input,
    cache_write, // for 5 minutes, or for as long as the provider likes
    cache_write_1h,
    input_audio,
    cached_input_audio,
    input_image,
    cached_input_image,
    output,
    reasoning,
    output_audio,
    output_image,
    audio_seconds,
    web_search,
    web_fetch,
    rerank, // searches of a reranker
};
inline constexpr std::size_t usage_types = 16;

constexpr std::size_t index_of(UsageType type) {
    return static_cast<std::size_t>(type);
}

// The name that prices and stored rows have: "cache_write_1h".
std::string_view name_of(UsageType type);

// None where no type has that name.
std::optional<UsageType> usage_type_of(std::string_view name);

// The type whose rate counts where a model has no rate for this one. Reasoning is a part of the output, and costs as
// much unless a rate says otherwise. None where nothing else is a fair price: such usage is unpriced.
std::optional<UsageType> priced_as(UsageType type);

// The three columns of tokens of a recorded execution. What is written to a cache is input that was not read from one.
enum class Column : std::uint8_t { input_tokens, cached_input_tokens, output_tokens, none };
Column column_of(UsageType type);

} // namespace helix::usage
