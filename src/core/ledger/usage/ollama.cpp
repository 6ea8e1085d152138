// Usage of Ollama, which stands in its answer itself.
// https://github.com/ollama/ollama/blob/main/docs/api.md
// https://github.com/ollama/ollama/blob/main/api/types.go
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

bool is_ollama(const Object& object) {
    return object.names_any({"prompt_eval_count", "eval_count"});
}

void read_ollama(Object& object, Usage& usage) {
    put(UsageType::input, object.count("prompt_eval_count"), usage);
    put(UsageType::output, object.count("eval_count"), usage);
}

} // namespace helix::usage
