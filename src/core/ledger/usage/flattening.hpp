// Owns: which parts of a large object are worth flattening. Answers and spans hold whole conversations, in which nobody
// looks for usage. For whoever flattens.
#pragma once

#include <string_view>

namespace helix::usage {

// Whether the object or array at `path` may hold what read_usage() or read_response() read. It is asked for each one on
// the way down.
bool may_hold_usage(std::string_view path);

// Whether the scalar at `path` is worth a field.
bool may_be_usage(std::string_view path);

} // namespace helix::usage
