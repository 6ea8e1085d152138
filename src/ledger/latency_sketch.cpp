// SQL faces of core/sketch: the aggregate latency_sketch(), the merge and the percentile.
#include "pg/prelude.hpp"

#include "core/ledger/sketch.hpp"
#include "pg/guard.hpp"

namespace helix::ledger {

namespace {

std::span<const std::byte> bytes_of(Datum value) {
    bytea* unpacked = DatumGetByteaPP(value);
    return {reinterpret_cast<const std::byte*>(VARDATA_ANY(unpacked)),
            static_cast<std::size_t>(VARSIZE_ANY_EXHDR(unpacked))};
}

Datum to_bytea(const LatencySketch& sketch) {
    const auto bytes = sketch.encode();
    return pg::call([&bytes] {
        auto* result = static_cast<bytea*>(palloc(VARHDRSZ + bytes.size()));
        SET_VARSIZE(result, VARHDRSZ + bytes.size());
        std::copy(bytes.begin(), bytes.end(), reinterpret_cast<std::byte*>(VARDATA(result)));
        return PointerGetDatum(result);
    });
}

LatencySketch* state_of(FunctionCallInfo fcinfo) {
    MemoryContext context = nullptr;
    if (AggCheckCallContext(fcinfo, &context) == 0) {
        elog(ERROR, "latency_sketch()'s functions work in an aggregate only");
    }
    return PG_ARGISNULL(0) ? pg::make_in<LatencySketch>(context)
                           : reinterpret_cast<LatencySketch*>(PG_GETARG_POINTER(0));
}

} // namespace

HELIX_FUNCTION(helix_sketch_add) {
    auto* state = state_of(fcinfo);
    if (!PG_ARGISNULL(1)) {
        const auto bytes = bytes_of(PG_GETARG_DATUM(1));
        state->merge(LatencySketch::decode(bytes));
    }
    if (!PG_ARGISNULL(2)) {
        const int latency_ms = PG_GETARG_INT32(2);
        if (latency_ms < 0) {
            throw Error(sqlstate::invalid_parameter_value, "a latency must not be negative",
                        "It is " + std::to_string(latency_ms) + ".");
        }
        state->add(latency_ms);
    }
    PG_RETURN_POINTER(state);
}

HELIX_FUNCTION(helix_sketch_final) {
    const auto* state = PG_ARGISNULL(0) ? nullptr : reinterpret_cast<const LatencySketch*>(PG_GETARG_POINTER(0));
    if (state == nullptr || state->empty()) {
        PG_RETURN_NULL();
    }
    return to_bytea(*state);
}

HELIX_FUNCTION(helix_merge_sketches) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) {
        if (PG_ARGISNULL(0) && PG_ARGISNULL(1)) {
            PG_RETURN_NULL();
        }
        PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
    }
    const auto left = bytes_of(PG_GETARG_DATUM(0));
    const auto right = bytes_of(PG_GETARG_DATUM(1));
    auto merged = LatencySketch::decode(left);
    merged.merge(LatencySketch::decode(right));
    return to_bytea(merged);
}

HELIX_FUNCTION(helix_sketch_percentile) {
    const auto bytes = bytes_of(PG_GETARG_DATUM(0));
    const double percent = PG_GETARG_FLOAT8(1);
    if (!(percent >= 0 && percent <= 100)) {
        throw Error(sqlstate::invalid_parameter_value, "a percentile is between 0 and 100");
    }
    const auto latency_ms = LatencySketch::decode(bytes).percentile(percent);
    if (!latency_ms) {
        PG_RETURN_NULL();
    }
    PG_RETURN_INT64(*latency_ms);
}

} // namespace helix::ledger
