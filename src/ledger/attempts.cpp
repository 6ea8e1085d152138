// Writes what is right of many executions, and keeps the errors of the others.
#include "pg/prelude.hpp"

#include "ledger/attempts.hpp"

#include "ledger/request_ids.hpp"
#include "ledger/writer.hpp"
#include "pg/subtransaction.hpp"

namespace helix::ledger {

namespace {

// Whether the error says something about the element: bad data, missing rights, unknown names, broken rules.
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

bool is_to_be_written(const Attempt& attempt) {
    return attempt.error == nullptr && !attempt.alone;
}

// Request ids that nobody has used are remembered in one pass.
void remember_first_ones(std::span<Attempt*> attempts) {
    if (std::none_of(attempts.begin(), attempts.end(), [](const Attempt* each) { return each->is_first; })) {
        return;
    }
    NewRequestIds ids(static_cast<int>(attempts.size()));
    for (Attempt* attempt : attempts) {
        if (is_to_be_written(*attempt) && attempt->is_first) {
            attempt->id = ids.remember(attempt->execution);
        }
    }
    ids.finish();
}

void write(std::span<Attempt*> attempts, TimestampTz now) {
    Writer writer(now, static_cast<int>(attempts.size()));
    remember_first_ones(attempts);
    for (Attempt* attempt : attempts) {
        if (!is_to_be_written(*attempt)) {
            continue;
        }
        if (attempt->is_first) {
            writer.append_as(attempt->id, attempt->execution);
        } else {
            attempt->id = writer.append(attempt->execution);
        }
    }
    writer.finish();
}

ErrorData* error_of_writing(std::span<Attempt*> attempts, TimestampTz now, const char* lock_timeout) {
    return pg::error_in_subtransaction([&] { write(attempts, now); }, lock_timeout);
}

// A wait in a circle is found out before the timeout where deadlock_timeout is shorter.
bool is_missed_lock(const ErrorData& error, const char* lock_timeout) {
    return lock_timeout != nullptr &&
           (error.sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE || error.sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED);
}

void write_each(std::span<Attempt*> attempts, TimestampTz now, const char* lock_timeout) {
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        CHECK_FOR_INTERRUPTS();
        Attempt& attempt = *attempts[i];
        if (!is_to_be_written(attempt)) {
            continue;
        }
        attempt.is_first = false; // another transaction may have used it meanwhile
        ErrorData* error = error_of_writing(attempts.subspan(i, 1), now, lock_timeout);
        attempt.alone = error != nullptr && is_missed_lock(*error, lock_timeout);
        attempt.error = error == nullptr || attempt.alone ? nullptr : error_of_element(error);
    }
}

} // namespace

ErrorData* error_of_element(ErrorData* error) {
    if (!is_of_element(*error)) {
        ReThrowError(error);
    }
    return error;
}

void resolve_attempt(const Request& request, TimestampTz now, Attempt& attempt) {
    attempt.execution = resolve(request, now);
    const auto provider = attempt.execution.provider; // of the price list, which may be read anew before the write
    attempt.execution.provider = {pnstrdup(provider.data(), provider.size()), provider.size()};
}

void write_right_ones(std::span<Attempt*> attempts, TimestampTz now, const char* lock_timeout) {
    if (std::none_of(attempts.begin(), attempts.end(), [](const Attempt* each) { return is_to_be_written(*each); })) {
        return;
    }
    ErrorData* first = error_of_writing(attempts, now, lock_timeout);
    if (first == nullptr) {
        return;
    }
    if (!is_missed_lock(*first, lock_timeout)) {
        error_of_element(first);
        write_each(attempts, now, lock_timeout);
        return;
    }
    for (Attempt* attempt : attempts) { // one by one they might wait as long as there are elements
        attempt->alone = attempt->error == nullptr;
    }
}

} // namespace helix::ledger
