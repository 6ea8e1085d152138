// Reads the arguments of the queue's functions and refuses what is out of range.
#include "pg/prelude.hpp"

#include "queue/queue_arguments.hpp"

#include "pg/text.hpp"
#include "pg/times.hpp"
#include "pg/uuid.hpp"
#include "queue/lanes.hpp"

#include <cstring>

extern "C" {
#include "mb/pg_wchar.h"
}

namespace helix::queue {

namespace {

constexpr int longest_key = 200;
constexpr int usual_priority = 5;

} // namespace

void refuse_unknown(const char* what, const pg_uuid_t& id) {
    ereport(ERROR,
            (errcode(ERRCODE_NO_DATA_FOUND), errmsg("there is no such %s", what),
             errdetail("Its id would be %s.", pg::uuid_text(id)),
             strcmp(what, "execution") == 0 ? errhint("Finished ones are kept for helix.execution_retention.") : 0));
    pg_unreachable();
}

Datum optional_argument(FunctionCallInfo fcinfo, int number) {
    return PG_ARGISNULL(number) ? 0 : PG_GETARG_DATUM(number);
}

const char* word_argument(FunctionCallInfo fcinfo, int number, const char* name,
                          std::initializer_list<const char*> words, const char* hint) {
    const Datum value = pg::required(fcinfo, number, name);
    for (const char* word : words) {
        if (pg::text_view(value) == word) {
            return word;
        }
    }
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown %s", name),
                    errdetail("It is \"%s\".", TextDatumGetCString(value)), errhint("%s", hint)));
    pg_unreachable();
}

const char* trigger_word(FunctionCallInfo fcinfo, int number) {
    return word_argument(fcinfo, number, "p_triggered_by", {"cron", "webhook", "manual"},
                         "Say cron, webhook or manual.");
}

int priority_argument(FunctionCallInfo fcinfo, int number) {
    return PG_ARGISNULL(number) ? usual_priority
                                : number_argument(fcinfo, number, "p_priority", lowest_priority, highest_priority);
}

TimestampTz time_argument(FunctionCallInfo fcinfo, int number, const char* name) {
    if (PG_ARGISNULL(number)) {
        return DT_NOBEGIN;
    }
    return pg::checked_time(PG_GETARG_TIMESTAMPTZ(number), name);
}

Datum key_argument(FunctionCallInfo fcinfo, int number, const char* name) {
    const Datum key = optional_argument(fcinfo, number);
    if (key != 0) {
        check_characters(name, key, longest_key);
    }
    return key;
}

int number_argument(FunctionCallInfo fcinfo, int number, const char* name, int low, int high) {
    const int value = DatumGetInt32(pg::required(fcinfo, number, name));
    if (value < low || value > high) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s is out of range", name),
                        errdetail("It is %d.", value), errhint("Pass %d to %d.", low, high)));
    }
    return value;
}

std::int32_t attempt_of_token(std::int64_t fencing_token) {
    return fencing_token >= 0 && fencing_token <= PG_INT32_MAX ? static_cast<std::int32_t>(fencing_token) : -1;
}

void check_characters(const char* name, Datum text, int most) {
    const auto view = pg::text_view(text);
    const int length = pg_mbstrlen_with_len(view.data(), static_cast<int>(view.size()));
    if (length < 1 || length > most) {
        ereport(ERROR, (errcode(length < 1 ? ERRCODE_INVALID_PARAMETER_VALUE : ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
                        errmsg("%s must have 1 to %d characters", name, most), errdetail("It has %d.", length)));
    }
}

} // namespace helix::queue
