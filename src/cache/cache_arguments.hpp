// Owns: reading the arguments of the cache functions, and what they must be. Used within cache/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::cache {

// A text that must not be null. Throws Error 22004.
std::string text_argument(FunctionCallInfo fcinfo, int number, const char* name);

// A key of 1 to 512 bytes with uuids in lower case, which is none of helix's own. Throws Error 22004 and 22023.
std::string key_argument(FunctionCallInfo fcinfo, int number);

// A pattern of keys under the same rule.
std::string pattern_argument(FunctionCallInfo fcinfo, int number);

// A time to live in s, from 1 to a day. Throws Error 22004 and 22023.
int ttl_argument(FunctionCallInfo fcinfo, int number);

// Throws Error 25006 on a standby: there is nobody who could tell Redis.
void check_not_standby(const char* what);

} // namespace helix::cache
