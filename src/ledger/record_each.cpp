// helix.record_operation_executions_each: a JSON array of executions. Right ones are recorded, the others are reported.
#include "pg/prelude.hpp"

#include "ledger/attempts.hpp"
#include "ledger/json_executions.hpp"
#include "operations/prices.hpp"
#include "pg/catch_error.hpp"
#include "pg/values.hpp"

namespace helix::ledger {

namespace {

// Nothing is locked or opened while an element is read and checked, so errors need no subtransaction.
Attempt check(const JsonExecutions& executions, int element, TimestampTz now) {
    Attempt attempt{};
    pg::JsonPlace place{.element = element, .field = {}};
    ErrorData* error = pg::catch_error([&] { resolve_attempt(executions.read(place), now, attempt); });
    attempt.error = error == nullptr ? nullptr : pg::located(error_of_element(error), place);
    return attempt;
}

// Writes the right ones. An error that comes only now names its element as those of reading do.
void write(std::span<Attempt> attempts, TimestampTz now) {
    auto** all = static_cast<Attempt**>(palloc(sizeof(void*) * attempts.size()));
    auto* had_error = static_cast<bool*>(palloc(sizeof(bool) * attempts.size()));
    for (std::size_t element = 0; element < attempts.size(); ++element) {
        all[element] = &attempts[element];
        had_error[element] = attempts[element].error != nullptr;
    }
    write_right_ones({all, attempts.size()}, now, nullptr);
    for (std::size_t element = 0; element < attempts.size(); ++element) {
        if (attempts[element].error != nullptr && !had_error[element]) {
            pg::located(attempts[element].error, {.element = static_cast<int>(element), .field = {}});
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
    write(all, now);
    report(fcinfo, all);
    return 0;
}

} // namespace helix::ledger
