// Owns: recording many executions, all or nothing. Used by record_json.cpp and record_arrays.cpp.
#pragma once

#include "ledger/writer.hpp"
#include "pg/catch_error.hpp"
#include "pg/json_place.hpp"

extern "C" {
#include "utils/array.h"
}

namespace helix::ledger {

// read(place) gives the Request of place.element, for each of `count` elements. Returns their ids, as bigint[]. An
// error names the place in its detail.
template <typename Read>
Datum record_all(int count, Read read) {
    if (count == 0) {
        return PointerGetDatum(construct_empty_array(INT8OID));
    }
    auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * count));
    pg::JsonPlace place;
    ErrorData* error = pg::catch_error([&] {
        const TimestampTz now = GetCurrentTimestamp();
        Writer writer(now, count);
        for (place.element = 0; place.element < count; ++place.element) {
            const auto execution = resolve(read(place), now);
            ids[place.element] = Int64GetDatum(writer.append(execution));
        }
        writer.finish();
    });
    if (error != nullptr) {
        ReThrowError(pg::located(error, place));
    }
    return PointerGetDatum(
        construct_array(ids, count, INT8OID, sizeof(std::int64_t), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

} // namespace helix::ledger
