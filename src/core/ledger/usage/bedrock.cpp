// Usage of Amazon Bedrock's Converse.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
// https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
// inputTokens excludes what was read from the cache and written to it. cacheDetails says for how long it was written.
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

namespace {

// What was written to the cache, taken apart by its time to live. Without a sum the details make it.
void read_writes(Object& object, InputParts& input) {
    Count details{"cacheDetails", 0, false};
    input.write_1h = details;
    for (int i = 0; object.holds("cacheDetails." + std::to_string(i)); ++i) {
        const auto entry = "cacheDetails." + std::to_string(i) + ".";
        const Count tokens = object.count(entry + "inputTokens");
        details.value += tokens.value;
        details.given = true;
        if (object.text({entry + "ttl"}) == "1h") {
            input.write_1h.value += tokens.value;
            input.write_1h.given = true;
        }
    }
    input.write = object.count({"cacheWriteInputTokens", "cacheWriteInputTokenCount"});
    if (!input.write.given) {
        input.write = details;
    }
    check_included(object, input.write, {details});
    input.write.value -= input.write_1h.value;
}

} // namespace

bool is_bedrock(const Object& object) {
    return object.names_any({"inputTokens", "outputTokens"});
}

void read_bedrock(Object& object, Usage& usage) {
    InputParts input;
    input.total = object.count("inputTokens");
    input.cached = object.count({"cacheReadInputTokens", "cacheReadInputTokenCount"});
    read_writes(object, input);
    input.total.value += input.of_cache();
    OutputParts output;
    output.total = object.count("outputTokens");
    put_input(object, input, usage);
    put_output(object, output, usage);
    object.pass({"totalTokens", "cacheReadInputTokenCount", "cacheWriteInputTokenCount"});
}

} // namespace helix::usage
