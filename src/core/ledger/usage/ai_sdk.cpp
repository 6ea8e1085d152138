// Usage of Vercel's AI SDK, of versions 4 (promptTokens) to 6 (details).
// https://ai-sdk.dev/docs/migration-guides/migration-guide-5-0
// https://ai-sdk.dev/docs/reference/ai-sdk-core/generate-text
// https://github.com/vercel/ai/issues/8349
// inputTokens includes what is cached or written to a cache, and outputTokens reasoning; not so from all its providers.
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

bool is_ai_sdk(const Object& object) {
    return object.names_any({"cachedInputTokens", "reasoningTokens", "promptTokens", "completionTokens"}) ||
           object.holds("inputTokenDetails") || object.holds("outputTokenDetails") || object.holds("inputTokens");
}

void read_ai_sdk(Object& object, Usage& usage) {
    InputParts input;
    input.total = object.count({"inputTokens", "promptTokens", "inputTokens.total"});
    input.cached = object.count({"inputTokenDetails.cacheReadTokens", "cachedInputTokens", "inputTokens.cacheRead"});
    input.write = object.count({"inputTokenDetails.cacheWriteTokens", "inputTokens.cacheWrite"});
    OutputParts output;
    output.total = object.count({"outputTokens", "completionTokens", "outputTokens.total"});
    output.reasoning =
        object.count({"outputTokenDetails.reasoningTokens", "reasoningTokens", "outputTokens.reasoning"});
    put_mixed(object, input, output, object.count("totalTokens"), Meaning::includes_parts, usage);
    object.pass({"inputTokenDetails.noCacheTokens", "outputTokenDetails.textTokens", "cachedInputTokens",
                 "reasoningTokens", "inputTokens.noCache", "outputTokens.text"});
}

} // namespace helix::usage
