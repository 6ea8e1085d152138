// Walks through a price list. What lies deeper than an object in an entry has no meaning in any format.
#include "pg/prelude.hpp"

#include "operations/listed_fields.hpp"

#include "pg/catch_error.hpp"
#include "pg/times.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace helix::operations {

namespace {

std::string_view bytes_of(const JsonbValue& value) {
    return {value.val.string.val, static_cast<std::size_t>(value.val.string.len)};
}

bool is_object(const JsonbValue& value) {
    return value.type == jbvBinary && JsonContainerIsObject(value.val.binary.data);
}

// Appends to an array that grows by halves.
template <typename T>
void append(T*& items, std::size_t& count, std::size_t& room, const T& item) {
    if (count == room) {
        constexpr std::size_t first_room = 1024;
        room = room == 0 ? first_room : room + room / 2;
        items = static_cast<T*>(items == nullptr ? MemoryContextAllocHuge(CurrentMemoryContext, room * sizeof(T))
                                                 : repalloc_huge(items, room * sizeof(T)));
    }
    items[count++] = item;
}

// Plain data, so that PostgreSQL may longjmp past it.
struct Walk {
    ListedFields found{};
    std::size_t entry_room = 0;
    std::size_t field_room = 0;

    void add_entry(std::string_view name, const JsonbValue& value) {
        const std::size_t first = found.field_count;
        if (is_object(value)) {
            add_fields({}, value);
        }
        append(found.entries, found.entry_count, entry_room, {name, first, found.field_count - first});
    }

    void add_fields(std::string_view before, const JsonbValue& object) {
        JsonbIterator* iterator = JsonbIteratorInit(object.val.binary.data);
        JsonbValue value;
        JsonbIteratorNext(&iterator, &value, false); // its beginning
        while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY) {
            std::string_view name = bytes_of(value);
            if (!before.empty()) {
                name = psprintf("%.*s.%.*s", static_cast<int>(before.size()), before.data(),
                                static_cast<int>(name.size()), name.data());
            }
            JsonbIteratorNext(&iterator, &value, true);
            if (is_object(value) && before.empty()) {
                add_fields(name, value);
            } else {
                add_field(name, value);
            }
        }
    }

    void add_field(std::string_view name, const JsonbValue& value) {
        ListedField field{name, ListedField::Kind::other, {}};
        if (value.type == jbvNull) {
            field.kind = ListedField::Kind::null;
        } else if (value.type == jbvString) {
            field.kind = ListedField::Kind::text;
            field.text = bytes_of(value);
        } else if (value.type == jbvNumeric) {
            field.kind = ListedField::Kind::number;
            field.text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
        }
        append(found.fields, found.field_count, field_room, field);
    }
};

} // namespace

ListedFields listed_fields(Datum jsonb) {
    Jsonb* list = DatumGetJsonbP(jsonb);
    Walk walk;
    walk.found.are_rows = JB_ROOT_IS_ARRAY(list);
    if (JB_ROOT_IS_SCALAR(list)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("p_prices must be an object or an array"),
                        errhint("Pass LiteLLM's file as it is, or an array of rows.")));
    }
    JsonbIterator* iterator = JsonbIteratorInit(&list->root);
    JsonbValue value;
    JsonbIteratorNext(&iterator, &value, false); // its beginning
    for (auto token = JsonbIteratorNext(&iterator, &value, true); token == WJB_KEY || token == WJB_ELEM;
         token = JsonbIteratorNext(&iterator, &value, true)) {
        const auto name = token == WJB_KEY ? bytes_of(value) : std::string_view{};
        if (token == WJB_KEY) {
            JsonbIteratorNext(&iterator, &value, true);
        }
        walk.add_entry(name, value);
    }
    return walk.found;
}

std::int64_t listed_time(std::string_view text) {
    Datum time = 0;
    pg_tz* const zone_of_session = session_timezone;
    session_timezone = pg_tzset("GMT"); // which needs no file
    const ErrorData* error = pg::catch_error([text, &time] {
        time = DirectFunctionCall3(timestamptz_in, CStringGetDatum(pnstrdup(text.data(), text.size())),
                                   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
    });
    session_timezone = zone_of_session;
    if (error != nullptr) {
        throw Error(sqlstate::datetime_field_overflow, "invalid valid_from", error->message);
    }
    return pg::checked_time(DatumGetTimestampTz(time), "valid_from");
}

} // namespace helix::operations
