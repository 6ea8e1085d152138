// Shortens the texts of errors in the database's encoding.
#include "pg/prelude.hpp"

#include "pg/error_text.hpp"

#include "pg/text.hpp"

#include <cstring>

extern "C" {
#include "mb/pg_wchar.h"
}

namespace helix::pg {

namespace {

ShortenedError shortened(std::string_view error, std::size_t most) {
    const auto clip = [](std::string_view text, std::size_t bytes) {
        return static_cast<std::size_t>(
            pg_mbcliplen(text.data(), static_cast<int>(text.size()), static_cast<int>(bytes)));
    };
    return shorten_error(error, most, clip, GetDatabaseEncoding() == PG_UTF8 ? "\u2026" : "...");
}

char* write(const ShortenedError& error, char* to) {
    memcpy(to, error.kept.data(), error.kept.size());
    memcpy(to + error.kept.size(), error.mark().data(), error.mark_size);
    return to;
}

} // namespace

std::string_view stored_error(std::string_view error) {
    if (error.size() <= max_error_bytes) {
        return error;
    }
    const auto result = shortened(error, max_error_bytes);
    return {write(result, static_cast<char*>(palloc(result.size()))), result.size()};
}

Datum stored_error(Datum error) {
    if (error == 0) {
        return 0;
    }
    const auto whole = text_view(error);
    const auto result = stored_error(whole);
    return result.size() == whole.size() ? error : text_datum(result);
}

const char* stored_error(const char* error) {
    if (error == nullptr) {
        return nullptr;
    }
    const auto result = stored_error(std::string_view(error));
    return result.data() == error ? error : pnstrdup(result.data(), result.size());
}

void copy_error(char* buffer, std::size_t size, std::string_view error) {
    const auto result = shortened(error, size - 1);
    write(result, buffer);
    buffer[result.size()] = '\0';
}

} // namespace helix::pg
