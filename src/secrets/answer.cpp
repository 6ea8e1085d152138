#include "secrets/answer.hpp"

#include <algorithm>

namespace helix::secrets {

void Answer::give(Answer& answer, Outcome outcome, std::string_view bytes, std::int32_t retry_after_s) {
    answer.outcome = outcome;
    answer.retry_after_s = retry_after_s;
    answer.length = static_cast<std::uint32_t>(std::min(bytes.size(), sizeof(answer.bytes)));
    std::copy_n(bytes.begin(), answer.length, answer.bytes);
}

} // namespace helix::secrets
