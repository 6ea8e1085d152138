// Owns: the texts of errors as they are stored, shortened by core/error_text.hpp in the database's encoding. Anyone
// outside core/ may use it. Raises PostgreSQL errors.
#pragma once

#include "core/error_text.hpp"
#include "pg/prelude.hpp"

namespace helix::pg {

// At most max_error_bytes. Palloc'd where the text had to be cut, else the same bytes.
std::string_view stored_error(std::string_view error);

// The same for a text datum and for a string; null (0) stays null.
Datum stored_error(Datum error);
const char* stored_error(const char* error);

// Into a buffer of `size` bytes, with a zero at its end.
void copy_error(char* buffer, std::size_t size, std::string_view error);

} // namespace helix::pg
