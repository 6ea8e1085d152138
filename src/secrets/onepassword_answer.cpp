#include "secrets/onepassword_answer.hpp"

#include <algorithm>

namespace helix::secrets {

void Answer::set(Outcome kind, std::string_view text, std::int32_t retry_s) {
    outcome = kind;
    retry_after_s = retry_s;
    length = static_cast<std::uint32_t>(std::min(text.size(), sizeof(bytes)));
    std::copy_n(text.begin(), length, bytes);
}

} // namespace helix::secrets
