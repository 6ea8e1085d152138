// Usage of Cohere: of chats in `usage`, of embeddings and reranking in `meta`.
// https://docs.cohere.com/reference/chat
// https://docs.cohere.com/reference/embed
// https://docs.cohere.com/reference/rerank
// https://github.com/cohere-ai/cohere-python/blob/main/src/cohere/types/usage_billed_units.py
// https://docs.cohere.com/v2/docs/how-does-cohere-pricing-work
// billed_units is what is paid for; tokens counts what Cohere adds to prompts too.
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

bool is_cohere(const Object& object) {
    return object.holds("billed_units");
}

void read_cohere(Object& object, Usage& usage) {
    put(UsageType::input, object.count("billed_units.input_tokens"), usage);
    put(UsageType::output, object.count("billed_units.output_tokens"), usage);
    put(UsageType::rerank, object.count("billed_units.search_units"), usage);
    object.pass({"tokens.input_tokens", "tokens.output_tokens"});
}

} // namespace helix::usage
