// helix_internal.record_for: recordings of several callers in one transaction, each checked and answered for itself.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "core/error.hpp"
#include "ledger/attempts.hpp"
#include "ledger/json_executions.hpp"
#include "ledger/request_ids.hpp"
#include "operations/prices.hpp"
#include "pg/catch_error.hpp"
#include "pg/values.hpp"

#include <cstring>

namespace helix::ledger {

namespace {

constexpr int most_calls = 1000;
constexpr const char* longest_wait = "50ms"; // for a lock, before the calls go by themselves

struct Argument {
    enum : int { callers, service, calls };
};

struct Elements {
    Datum* values;
    bool* nulls;
    int count;
};

Elements values_of(FunctionCallInfo fcinfo, int number, const char* name, Oid type, int length, char alignment) {
    auto* array = DatumGetArrayTypeP(pg::required(fcinfo, number, name));
    Elements result{};
    deconstruct_array(array, type, length, length == sizeof(bool), alignment, &result.values, &result.nulls,
                      &result.count);
    return result;
}

[[noreturn]] void refuse_lengths() {
    throw Error(sqlstate::invalid_parameter_value, "the arrays must have the same length", {},
                "Pass a caller, whether they act for everyone, and a body for each call.");
}

// A user's uuid may be null; then the call is refused, unless it acts for everyone.
callers::Caller caller_of(const Elements& users, const Elements& services, int element) {
    if (services.nulls[element]) {
        throw null_value("p_service[" + std::to_string(element + 1) + "]", "Pass true or false.");
    }
    callers::Caller caller{};
    if (!users.nulls[element]) {
        caller.user = *DatumGetUUIDP(users.values[element]);
    }
    caller.for_anyone = DatumGetBool(services.values[element]);
    return caller;
}

// What a body says that is not read as simply as others is left to a call by itself, whose answer is the right one.
std::optional<Request> read(const JsonExecutions& calls, int element) {
    std::optional<Request> request;
    pg::JsonPlace place{.element = element, .field = {}};
    ErrorData* error = pg::catch_error([&] { request = calls.read(place); });
    if (error != nullptr) {
        error_of_element(error);
        return std::nullopt;
    }
    return request;
}

// Nothing is locked while a call is checked. Settling a reservation would lock it.
Attempt check(const JsonExecutions& calls, int element, const callers::Caller& caller, TimestampTz now) {
    Attempt attempt{};
    const auto request = read(calls, element);
    attempt.alone = !request || request->reservation_id;
    if (attempt.alone) {
        return attempt;
    }
    callers::act_as(&caller);
    ErrorData* error = pg::catch_error([&] { resolve_attempt(*request, now, attempt); });
    callers::act_as(nullptr);
    attempt.error = error == nullptr ? nullptr : error_of_element(error);
    return attempt;
}

// By user and request id, so that two calls for many never wait for each other in a circle.
bool comes_before(const Attempt* one, const Attempt* other) {
    const int users = memcmp(one->execution.user_id.data, other->execution.user_id.data, UUID_LEN);
    return users != 0 ? users < 0 : one->execution.request_id < other->execution.request_id;
}

// Says of each request id what others do with it. Of those that come twice the second is as if it was used.
void look_up(std::span<Attempt*> sorted) {
    RequestIdLookup lookup;
    const Attempt* last = nullptr;
    for (Attempt* attempt : sorted) {
        if (attempt->execution.request_id) {
            const auto state = lookup.state_of(attempt->execution);
            attempt->alone = state == RequestIdState::busy;
            attempt->is_first = state == RequestIdState::unused && (last == nullptr || comes_before(last, attempt));
            last = attempt;
        }
    }
    lookup.finish();
}

void write(std::span<Attempt> attempts, TimestampTz now) {
    auto** sorted = static_cast<Attempt**>(palloc(sizeof(void*) * attempts.size()));
    std::size_t count = 0;
    for (Attempt& attempt : attempts) {
        if (attempt.error == nullptr && !attempt.alone) {
            sorted[count++] = &attempt;
        }
    }
    std::stable_sort(sorted, sorted + count, comes_before);
    look_up({sorted, count});
    write_right_ones({sorted, count}, now, longest_wait);
}

void report(FunctionCallInfo fcinfo, std::span<const Attempt> attempts) {
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    int element = 0;
    for (const Attempt& attempt : attempts) {
        const ErrorData* error = attempt.error;
        pg::Values row;
        row.add(Int32GetDatum(element++));
        row.add(Int64GetDatum(attempt.id), error != nullptr || attempt.alone);
        row.add(BoolGetDatum(attempt.alone));
        row.add_text(error == nullptr ? nullptr : unpack_sql_state(error->sqlerrcode));
        row.add_text(error == nullptr ? nullptr : error->message);
        row.add_text(error == nullptr ? nullptr : error->detail);
        row.add_text(error == nullptr ? nullptr : error->hint);
        tuplestore_putvalues(result->setResult, result->setDesc, row.values(), row.nulls());
    }
}

} // namespace

HELIX_FUNCTION(helix_record_for) {
    const auto users = values_of(fcinfo, Argument::callers, "p_callers", UUIDOID, UUID_LEN, TYPALIGN_CHAR);
    const auto services = values_of(fcinfo, Argument::service, "p_service", BOOLOID, sizeof(bool), TYPALIGN_CHAR);
    const auto calls =
        JsonExecutions::from_calls(DatumGetArrayTypeP(pg::required(fcinfo, Argument::calls, "p_calls")), most_calls);
    if (users.count != calls.count() || services.count != calls.count()) {
        refuse_lengths();
    }
    PreventCommandIfReadOnly("recording");
    InitMaterializedSRF(fcinfo, 0);
    const auto count = static_cast<std::size_t>(calls.count());
    operations::prices(); // an error of this read ends the call, and says nothing about an element
    const TimestampTz now = GetCurrentTimestamp();
    auto* attempts = static_cast<Attempt*>(palloc(sizeof(Attempt) * (count + 1)));
    for (std::size_t element = 0; element < count; ++element) {
        const auto caller = caller_of(users, services, static_cast<int>(element));
        attempts[element] = check(calls, static_cast<int>(element), caller, now);
    }
    write({attempts, count}, now);
    report(fcinfo, {attempts, count});
    return 0;
}

} // namespace helix::ledger
