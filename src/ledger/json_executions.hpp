// Owns: executions as callers give them in JSON. Used by the recording functions only. Plain data, so that PostgreSQL
// may longjmp past it.
#pragma once

#include "ledger/execution.hpp"
#include "pg/json_place.hpp"

extern "C" {
#include "utils/array.h"
#include "utils/jsonb.h"
}

namespace helix::ledger {

class JsonExecutions {
  public:
    // Of the function's only argument, jsonb or text. Text is split into elements before it is read, so that what jsonb
    // cannot hold ("\u0000") is an error of its element. Throws Error 22004 on null, 22023 unless it is an array.
    static JsonExecutions from_argument(FunctionCallInfo fcinfo);

    // Of the bodies of calls of record_operation_execution over HTTP: text[] without nulls, of at most `most` elements.
    // Names begin with p_, and values mean what they mean in such a call. Throws Error 22004, 54000.
    static JsonExecutions from_calls(ArrayType* calls, int most);

    int count() const { return count_; }

    // The execution of place.element. Throws Error and raises PostgreSQL errors; `place` then says where.
    Request read(pg::JsonPlace& place) const;

  private:
    struct Element {
        JsonbContainer* object; // null: another value, or still text
        const char* text;       // null: not text
    };
    static JsonExecutions from_jsonb(Jsonb* json);
    static JsonExecutions from_text(std::string_view json);

    Element* elements_;
    int count_;
    bool are_calls_; // else objects of a bulk call
};

} // namespace helix::ledger
