// Finds out how helix computes the value of a key.
#include "pg/prelude.hpp"

#include "cache/known_reads.hpp"

#include "core/cache/cache_key.hpp"
#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"

#include <cstring>

namespace helix::cache {

namespace {

struct ReadColumn {
    enum : int { query = 1, parameters, ttl };
};
pg::Statement select_read(R"(
    SELECT query, parameters, pg_catalog.current_setting(ttl_setting)
      FROM helix_internal.known_reads
     WHERE family = $1 AND $2 ~ form)",
                          {TEXTOID, TEXTOID});

// Cuts the key at its colons, so that its family is left of it. False where it has more segments than any key.
bool take_apart(char* key, KnownRead& read) {
    for (char* colon = strchr(key, ':'); colon != nullptr; colon = strchr(colon + 1, ':')) {
        *colon = '\0';
        if (read.parameter_count == KnownRead::most_parameters) {
            return false;
        }
        read.parameters[read.parameter_count++] = colon + 1;
    }
    return true;
}

int seconds_of(const char* setting) {
    int seconds = 0;
    if (!parse_int(setting, &seconds, GUC_UNIT_S, nullptr)) {
        elog(ERROR, "unexpected value of a time to live: %s", setting);
    }
    return seconds;
}

} // namespace

KnownRead* find_known_read(const char* key) {
    auto* read = static_cast<KnownRead*>(palloc0(sizeof(KnownRead)));
    char* family = pstrdup(key);
    if (!take_apart(family, *read)) {
        return nullptr;
    }
    const MemoryContext memory = CurrentMemoryContext;
    const Datum values[] = {CStringGetTextDatum(family), CStringGetTextDatum(key)};
    pg::OwnerSpi spi;
    const bool found = select_read.execute_latest(values) == 1 &&
                       DatumGetInt32(pg::column(0, ReadColumn::parameters)) == read->parameter_count;
    if (found) {
        read->query = MemoryContextStrdup(memory, TextDatumGetCString(pg::column(0, ReadColumn::query)));
        read->ttl_s = seconds_of(TextDatumGetCString(pg::column(0, ReadColumn::ttl)));
    }
    spi.finish();
    return found ? read : nullptr;
}

void check_not_known(const std::string& key) {
    if (cache_key::user_of(key).empty()) {
        return; // every family has a user
    }
    const char* text = key.c_str();
    if (pg::call([&] { return find_known_read(text) != nullptr; })) {
        throw Error(sqlstate::invalid_parameter_value, "helix computes the value of this key itself",
                    "It is \"" + key + "\".",
                    "Read it by helix.cache_read(), or use another key, such as one with a prefix of your own.");
    }
}

} // namespace helix::cache
