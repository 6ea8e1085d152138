// The SQL functions of latency sketches (core/ledger/sketch.hpp): the aggregate latency_sketch(), merge and percentile.
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

// Of both functions of the aggregate; null before the first row.
constexpr int state_argument = 0;

LatencySketch* state_of(FunctionCallInfo fcinfo) {
    return PG_ARGISNULL(state_argument) ? nullptr : reinterpret_cast<LatencySketch*>(PG_GETARG_POINTER(state_argument));
}

// The aggregate's state, made where there is none yet.
LatencySketch& state_to_change(FunctionCallInfo fcinfo) {
    MemoryContext context = nullptr;
    if (AggCheckCallContext(fcinfo, &context) == 0) {
        elog(ERROR, "latency_sketch()'s functions work in an aggregate only");
    }
    LatencySketch* state = state_of(fcinfo);
    return state == nullptr ? *pg::make_in<LatencySketch>(context) : *state;
}

} // namespace

HELIX_FUNCTION(helix_sketch_add) {
    struct Argument {
        enum : int { state = state_argument, sketch, latency_ms };
    };
    LatencySketch& state = state_to_change(fcinfo);
    if (!PG_ARGISNULL(Argument::sketch)) {
        const auto bytes = bytes_of(PG_GETARG_DATUM(Argument::sketch));
        state.merge(LatencySketch::decode(bytes));
    }
    if (!PG_ARGISNULL(Argument::latency_ms)) {
        const int latency_ms = PG_GETARG_INT32(Argument::latency_ms);
        if (latency_ms < 0) {
            throw Error(sqlstate::invalid_parameter_value, "a latency must not be negative",
                        "It is " + std::to_string(latency_ms) + ".");
        }
        state.add(latency_ms);
    }
    PG_RETURN_POINTER(&state);
}

HELIX_FUNCTION(helix_sketch_final) {
    const LatencySketch* state = state_of(fcinfo);
    if (state == nullptr || state->empty()) {
        PG_RETURN_NULL();
    }
    return to_bytea(*state);
}

HELIX_FUNCTION(helix_merge_sketches) {
    struct Argument {
        enum : int { one, other };
    };
    if (PG_ARGISNULL(Argument::one) && PG_ARGISNULL(Argument::other)) {
        PG_RETURN_NULL();
    }
    if (PG_ARGISNULL(Argument::one) || PG_ARGISNULL(Argument::other)) {
        const int given = PG_ARGISNULL(Argument::one) ? Argument::other : Argument::one;
        PG_RETURN_DATUM(PG_GETARG_DATUM(given));
    }
    const auto one = bytes_of(PG_GETARG_DATUM(Argument::one));
    const auto other = bytes_of(PG_GETARG_DATUM(Argument::other));
    auto merged = LatencySketch::decode(one);
    merged.merge(LatencySketch::decode(other));
    return to_bytea(merged);
}

HELIX_FUNCTION(helix_sketch_percentile) {
    struct Argument {
        enum : int { sketch, percent };
    };
    const auto bytes = bytes_of(PG_GETARG_DATUM(Argument::sketch));
    const double percent = PG_GETARG_FLOAT8(Argument::percent);
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
