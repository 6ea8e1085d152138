// Owns: error texts as they are stored: by core/error_text.hpp, in the database's encoding. Anyone outside core/ may
// use it. Raises PostgreSQL errors.
#pragma once

#include "core/error_text.hpp"
#include "pg/prelude.hpp"

namespace helix::pg {

// At most max_error_bytes; palloc'd where it had to be cut, else the same bytes.
std::string_view stored_error(std::string_view error);

// The same of a text; 0 (null) stays so.
Datum stored_error(Datum error);
const char* stored_error(const char* error); // null stays so

// Into a buffer of `size` bytes, with a zero at its end.
void copy_error(char* buffer, std::size_t size, std::string_view error);

} // namespace helix::pg
