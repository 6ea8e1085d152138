// Tells by the names on a path whether usage may be there.
#include "core/ledger/usage/flattening.hpp"

#include "core/characters.hpp"

#include <algorithm>
#include <array>

namespace helix::usage {

namespace {

// Whatever is in these is usage.
constexpr std::array<std::string_view, 10> roots{
    "usage",        "usageMetadata", "usage_metadata",          "usageDetails", "usage_details", "costDetails",
    "cost_details", "usage_object",  "additional_usage_values", "token_count"};

// Whatever is in these is passed over, but for what is in a root.
constexpr std::array<std::string_view, 33> ways{"response",
                                                "body",
                                                "message",
                                                "result",
                                                "metadata",
                                                "attributes",
                                                "gen_ai",
                                                "openai",
                                                "llm",
                                                "cost",
                                                "provider",
                                                "request",
                                                "error",
                                                "delta",
                                                "error_information",
                                                "promptFeedback",
                                                "serviceTier",
                                                "prompt_feedback",
                                                "incomplete_details",
                                                "status_details",
                                                "ResponseMetadata",
                                                "$metadata",
                                                "choices",
                                                "candidates",
                                                "finish_reasons",
                                                "cache_creation",
                                                "server_tool_use",
                                                "iterations",
                                                "connectors",
                                                "inputTokens",
                                                "meta",
                                                "billed_units",
                                                "tokens"};

template <std::size_t size>
bool is_among(const std::array<std::string_view, size>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view last_step(std::string_view path) {
    const auto dot = path.rfind('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

bool is_position(std::string_view step) {
    return !step.empty() && std::all_of(step.begin(), step.end(), is_digit);
}

bool has_root(std::string_view path) {
    while (!path.empty()) {
        const auto dot = std::min(path.find('.'), path.size());
        if (is_among(roots, path.substr(0, dot))) {
            return true;
        }
        path.remove_prefix(std::min(dot + 1, path.size()));
    }
    return false;
}

bool is_details(std::string_view step) {
    return step.ends_with("_details") || step.ends_with("Details") || step == "outputTokens";
}

} // namespace

bool may_hold_usage(std::string_view path) {
    const auto step = last_step(path);
    if (has_root(path)) {
        return true;
    }
    if (!is_position(step)) {
        return is_among(ways, step) || is_details(step);
    }
    const auto list = last_step(path.substr(0, path.size() - std::min(path.size(), step.size() + 1)));
    if (list == "choices" || list == "candidates") {
        return step == "0";
    }
    return is_details(list) || list == "iterations";
}

bool may_be_usage(std::string_view path) {
    constexpr std::array<std::string_view, 10> conversations{
        "llm.input_messages.",  "llm.output_messages.", "llm.tools.",    "llm.prompts.",
        "gen_ai.prompt.",       "gen_ai.completion.",   "gen_ai.input.", "gen_ai.output.",
        "retrieval.documents.", "embedding.embeddings."};
    constexpr std::string_view span = "attributes.";
    if (path.starts_with(span)) {
        path.remove_prefix(span.size());
    }
    return std::none_of(conversations.begin(), conversations.end(),
                        [path](std::string_view beginning) { return path.starts_with(beginning); });
}

} // namespace helix::usage
