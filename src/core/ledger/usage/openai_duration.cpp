// Usage of OpenAI's transcriptions by models that are paid by the second. Those paid by tokens write it as Responses
// do. https://github.com/openai/openai-python/blob/main/src/openai/types/audio/transcription_verbose.py
// https://openai.com/api/pricing/ bills whole seconds, to the nearest.
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

bool is_openai_duration(const Object& object) {
    return object.names("seconds") && object.names("type");
}

void read_openai_duration(Object& object, Usage& usage) {
    put(UsageType::audio_seconds, object.rounded_count("seconds"), usage);
    object.text({"type"});
}

} // namespace helix::usage
