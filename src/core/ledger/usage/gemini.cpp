// Usage of Gemini and Vertex AI, with names in camelCase (REST, JavaScript) or with underscores (Python).
// https://ai.google.dev/api/generate-content#UsageMetadata
// https://github.com/googleapis/python-genai/blob/main/google/genai/types.py
// promptTokenCount includes what is cached; results of tools come on top of it, and thoughts on top of the candidates.
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

namespace {

struct Media {
    Count audio{"audio", 0, false};
    Count image{"image", 0, false};
};

void add(Count& sum, std::string_view name, const Count& tokens) {
    sum.name = name;
    sum.value += tokens.value;
    sum.given = true;
}

// Sums a list of {modality, tokenCount}. Text, video and documents are what neither is.
Media media_of(Object& object, std::string_view name) {
    Media media;
    for (int i = 0; object.holds(std::string(name) + "." + std::to_string(i)); ++i) {
        const auto entry = std::string(name) + "." + std::to_string(i) + ".";
        const Count tokens = object.count({entry + "tokenCount", entry + "token_count"});
        const auto modality = object.text({entry + "modality"});
        if (modality == "AUDIO") {
            add(media.audio, name, tokens);
        } else if (modality == "IMAGE") {
            add(media.image, name, tokens);
        }
    }
    return media;
}

Media media_of(Object& object, std::initializer_list<std::string_view> names) {
    for (const auto name : names) {
        if (object.holds(name)) {
            return media_of(object, name);
        }
    }
    return {};
}

void add_tool_results(Object& object, InputParts& input) {
    const Count results = object.count({"toolUsePromptTokenCount", "tool_use_prompt_token_count"});
    const Media media = media_of(object, {"toolUsePromptTokensDetails", "tool_use_prompt_tokens_details"});
    input.total.value += results.value;
    input.total.given |= results.given;
    input.audio.value += media.audio.value;
    input.image.value += media.image.value;
}

// Details of the prompt may be incomplete: what is cached is there at least.
void raise_to(Count& all, const Count& cached) {
    if (cached.value > all.value) {
        all = cached;
    }
}

// Some models count thoughts among the candidates: then the total is without them.
bool candidates_include(const Count& thoughts, const Count& candidates, const InputParts& input, const Count& all) {
    return thoughts.value > 0 && all.given && thoughts.value <= candidates.value &&
           all.value == input.total.value + candidates.value;
}

} // namespace

bool is_gemini(const Object& object) {
    return object.names_any({"promptTokenCount", "candidatesTokenCount", "totalTokenCount", "thoughtsTokenCount",
                             "responseTokenCount", "prompt_token_count", "candidates_token_count", "total_token_count",
                             "thoughts_token_count", "response_token_count"});
}

void read_gemini(Object& object, Usage& usage) {
    InputParts input;
    input.total = object.count({"promptTokenCount", "prompt_token_count"});
    input.cached = object.count({"cachedContentTokenCount", "cached_content_token_count"});
    const Media media = media_of(object, {"promptTokensDetails", "prompt_tokens_details"});
    const Media cached = media_of(object, {"cacheTokensDetails", "cache_tokens_details"});
    input.audio = media.audio;
    input.image = media.image;
    input.cached_audio = cached.audio;
    input.cached_image = cached.image;
    add_tool_results(object, input);
    raise_to(input.audio, cached.audio);
    raise_to(input.image, cached.image);
    OutputParts output;
    output.total =
        object.count({"candidatesTokenCount", "candidates_token_count", "responseTokenCount", "response_token_count"});
    output.reasoning = object.count({"thoughtsTokenCount", "thoughts_token_count"});
    const Media made = media_of(object, {"candidatesTokensDetails", "candidates_tokens_details",
                                         "responseTokensDetails", "response_tokens_details"});
    output.audio = made.audio;
    output.image = made.image;
    const Count all = object.count({"totalTokenCount", "total_token_count"});
    if (candidates_include(output.reasoning, output.total, input, all)) {
        usage.marked = true;
    } else {
        output.total.value += output.reasoning.value;
        output.total.given |= output.reasoning.given;
    }
    put_input(object, input, usage);
    put_output(object, output, usage);
    usage.service_tier = object.text({"serviceTier", "service_tier", "trafficType", "traffic_type"});
}

} // namespace helix::usage
