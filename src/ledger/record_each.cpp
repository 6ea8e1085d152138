// helix.record_operation_executions_each: a JSON array of executions. Right ones are recorded, the others are reported.
#include "pg/prelude.hpp"

#include "ledger/json_executions.hpp"
#include "ledger/writer.hpp"
#include "operations/prices.hpp"
#include "pg/catch_error.hpp"
#include "pg/subtransaction.hpp"
#include "pg/values.hpp"

namespace helix::ledger {

namespace {

// What becomes of one element.
struct Attempt {
    Execution execution;
    std::int64_t id;
    ErrorData* error; // null: nothing wrong is known of it
};

// Whether the error says something about the element: bad data, missing rights, unknown names, broken rules. Any other
// error ends the call: the transaction has to be repeated, or the server lacks something.
bool is_of_element(const ErrorData& error) {
    constexpr int own_category = MAKE_SQLSTATE('H', 'X', '0', '0', '0');
    switch (ERRCODE_TO_CATEGORY(error.sqlerrcode)) {
    case ERRCODE_DATA_EXCEPTION:
    case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
    case ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION:
    case ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE:
    case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
    case ERRCODE_FEATURE_NOT_SUPPORTED:
    case own_category:
        return error.sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE;
    default:
        return false;
    }
}

// The error as it is reported. One that is not of the element is rethrown.
ErrorData* error_of_element(ErrorData* error, const pg::JsonPlace& place) {
    if (!is_of_element(*error)) {
        ReThrowError(error);
    }
    return pg::located(error, place);
}

// Nothing is locked or opened while an element is read and checked, so errors need no subtransaction.
Attempt check(const JsonExecutions& executions, int element, TimestampTz now) {
    Attempt attempt{};
    pg::JsonPlace place{.element = element, .field = {}};
    ErrorData* error = pg::catch_error([&] {
        attempt.execution = resolve(executions.read(place), now);
        const auto provider = attempt.execution.provider; // of the price list, which may be read anew before the write
        attempt.execution.provider = {pnstrdup(provider.data(), provider.size()), provider.size()};
    });
    attempt.error = error == nullptr ? nullptr : error_of_element(error, place);
    return attempt;
}

void write(std::span<Attempt> attempts, TimestampTz now) {
    Writer writer(now, static_cast<int>(attempts.size()));
    for (Attempt& attempt : attempts) {
        if (attempt.error == nullptr) {
            attempt.id = writer.append(attempt.execution);
        }
    }
    writer.finish();
}

// Writes all in one pass. Only where that fails, it writes each by itself.
void write_right_ones(std::span<Attempt> attempts, TimestampTz now) {
    ErrorData* first = pg::error_in_subtransaction([&] { write(attempts, now); });
    if (first == nullptr) {
        return;
    }
    if (!is_of_element(*first)) {
        ReThrowError(first);
    }
    for (std::size_t element = 0; element < attempts.size(); ++element) {
        CHECK_FOR_INTERRUPTS();
        Attempt& attempt = attempts[element];
        if (attempt.error != nullptr) {
            continue;
        }
        if (ErrorData* error = pg::error_in_subtransaction([&] { write({&attempt, 1}, now); })) {
            attempt.error = error_of_element(error, {.element = static_cast<int>(element), .field = {}});
        }
    }
}

void report(FunctionCallInfo fcinfo, std::span<const Attempt> attempts) {
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    for (std::size_t element = 0; element < attempts.size(); ++element) {
        const Attempt& attempt = attempts[element];
        const ErrorData* error = attempt.error;
        pg::Values row;
        row.add(Int32GetDatum(static_cast<std::int32_t>(element)));
        row.add(Int64GetDatum(attempt.id), error != nullptr);
        row.add_text(error == nullptr ? nullptr : unpack_sql_state(error->sqlerrcode));
        row.add_text(error == nullptr ? nullptr : error->message);
        row.add_text(error == nullptr ? nullptr : error->detail);
        tuplestore_putvalues(result->setResult, result->setDesc, row.values(), row.nulls());
    }
}

} // namespace

HELIX_FUNCTION(helix_record_operation_executions_each) {
    const auto executions = JsonExecutions::from_argument(fcinfo);
    PreventCommandIfReadOnly("recording");
    InitMaterializedSRF(fcinfo, 0);
    const auto count = static_cast<std::size_t>(executions.count());
    if (count == 0) {
        return 0;
    }
    operations::prices(); // an error of this read ends the call, and says nothing about an element
    const TimestampTz now = GetCurrentTimestamp();
    auto* attempts = static_cast<Attempt*>(palloc(sizeof(Attempt) * count));
    for (std::size_t element = 0; element < count; ++element) {
        attempts[element] = check(executions, static_cast<int>(element), now);
    }
    const std::span<Attempt> all(attempts, count);
    if (std::any_of(all.begin(), all.end(), [](const auto& each) { return each.error == nullptr; })) {
        write_right_ones(all, now);
    }
    report(fcinfo, all);
    return 0;
}

} // namespace helix::ledger
