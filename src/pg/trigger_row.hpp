// Owns: a row on its way into a table, as a trigger sees it. Any feature may use it. Plain data, so that PostgreSQL may
// longjmp past it.
#pragma once

#include "pg/prelude.hpp"

#include <cstring>

extern "C" {
#include "commands/trigger.h"
#include "executor/spi.h"
}

namespace helix::pg {

struct TriggerRow {
    TupleDesc columns;
    HeapTuple tuple;

    int number(const char* column) const { return SPI_fnumber(columns, column); }
    bool has(const char* column) const { return number(column) > 0; }
    Datum value(const char* column, bool* is_null) const {
        return SPI_getbinval(tuple, columns, number(column), is_null);
    }
    const char* text(const char* column) const { return SPI_getvalue(tuple, columns, number(column)); }

    void set(const char* column, Datum value, bool is_null) {
        int at = number(column);
        tuple = heap_modify_tuple_by_cols(tuple, columns, 1, &at, &value, &is_null);
    }
    void set_text(const char* column, const char* value) {
        set(column, value == nullptr ? 0 : CStringGetTextDatum(value), value == nullptr);
    }
};

// Whether two values that TriggerRow::text() has given differ.
inline bool differs(const char* one, const char* other) {
    return one == nullptr || other == nullptr ? one != other : strcmp(one, other) != 0;
}

// The row that a BEFORE trigger has to return, and the one that it replaces.
inline TriggerRow new_row(const TriggerData& trigger) {
    return {RelationGetDescr(trigger.tg_relation),
            TRIGGER_FIRED_BY_UPDATE(trigger.tg_event) ? trigger.tg_newtuple : trigger.tg_trigtuple};
}
inline TriggerRow old_row(const TriggerData& trigger) {
    return {RelationGetDescr(trigger.tg_relation), trigger.tg_trigtuple};
}

} // namespace helix::pg
