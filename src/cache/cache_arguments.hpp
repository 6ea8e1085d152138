// Owns: what the cache functions ask of their arguments. Used within cache/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::cache {

// Argument `number`, a text that must not be null (22004).
std::string text_argument(FunctionCallInfo fcinfo, int number, const char* name);

// A key: 1 to 512 bytes, none of helix's own, uuids in lower case. Throws Error 22023.
std::string key_argument(FunctionCallInfo fcinfo, int number);

// A pattern of keys under the same rule.
std::string pattern_argument(FunctionCallInfo fcinfo, int number);

// A time to live in s, up to a day. Throws Error 22004 and 22023.
int ttl_argument(FunctionCallInfo fcinfo, int number);

// Throws Error 25006 on a standby: there is nobody who could tell Redis.
void check_not_standby(const char* what);

} // namespace helix::cache
