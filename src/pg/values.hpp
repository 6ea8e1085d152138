// Owns: lists of values with their nulls: the parameters of a statement, the columns of a row. Anyone outside core/ may
// use it. Plain data, so that PostgreSQL may longjmp past it.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "access/htup_details.h"
#include "funcapi.h"
}

namespace helix::pg {

class Values {
  public:
    static constexpr int most = 32;

    Values& add(Datum value, bool is_null = false) {
        Assert(count_ < most);
        values_[count_] = is_null ? 0 : value;
        nulls_[count_] = is_null;
        letters_[count_++] = is_null ? 'n' : ' ';
        return *this;
    }
    Values& add_null() { return add(0, true); }
    Values& add_uuid(const pg_uuid_t* uuid) { return add(UUIDPGetDatum(uuid), uuid == nullptr); }
    Values& add_text(const char* text) { return text == nullptr ? add_null() : add(CStringGetTextDatum(text)); }
    // The argument `number` of an SQL function, null or not.
    Values& add_argument(FunctionCallInfo fcinfo, int number) {
        return add(PG_ARGISNULL(number) ? 0 : PG_GETARG_DATUM(number), PG_ARGISNULL(number));
    }

    Datum* values() { return values_; }
    bool* nulls() { return nulls_; }
    const char* letters() const { return letters_; } // as SPI wants nulls
    int count() const { return count_; }
    Datum row(TupleDesc columns) { return HeapTupleGetDatum(heap_form_tuple(columns, values_, nulls_)); }

  private:
    Datum values_[most];
    bool nulls_[most];
    char letters_[most];
    int count_ = 0;
};

// The columns of the row that an SQL function returns.
inline TupleDesc result_columns(FunctionCallInfo fcinfo) {
    TupleDesc columns = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE) {
        elog(ERROR, "the function must return a row");
    }
    return BlessTupleDesc(columns);
}

// An argument that may not be null: raises 22004 with its name, and the hint where there is one. Code in which C++
// objects are alive throws core/error.hpp's null_value() instead.
inline Datum required(FunctionCallInfo fcinfo, int number, const char* name, const char* hint = nullptr) {
    if (PG_ARGISNULL(number)) {
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name),
                        hint == nullptr ? 0 : errhint("%s", hint)));
    }
    return PG_GETARG_DATUM(number);
}

} // namespace helix::pg
