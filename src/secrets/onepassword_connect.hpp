// Owns: asking a 1Password Connect server by its documented REST API. Knows nothing of PostgreSQL. Used within secrets/
// only.
#pragma once

#include "core/secrets/onepassword_address.hpp"
#include "core/secrets/secret.hpp"

#include <chrono>
#include <string>

namespace helix::secrets {

// The secret within `time`. Throws Failure. It leaves copies of token and secret in freed memory: call it in a process
// that ends after it.
Secret ask_connect(const std::string& url, const Secret& token, const OnePasswordReference& reference,
                   std::chrono::milliseconds time);

// The value of a field in an item, the JSON that Connect returns. Throws Failure.
Secret field_of_item(std::string_view json, const OnePasswordReference& reference);

} // namespace helix::secrets
