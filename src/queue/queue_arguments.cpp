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

constexpr int longest_request_id = 200;

} // namespace

void refuse_unknown(const char* what, const pg_uuid_t& id) {
    ereport(ERROR,
            (errcode(ERRCODE_NO_DATA_FOUND), errmsg("there is no such %s", what),
             errdetail("Its id would be %s.", pg::uuid_text(id)),
             strcmp(what, "execution") == 0 ? errhint("Finished ones are kept for helix.execution_retention.") : 0));
    pg_unreachable();
}

const char* trigger_word(FunctionCallInfo fcinfo, int number) {
    const Datum value = pg::required(fcinfo, number, "p_triggered_by");
    for (const char* word : {"cron", "webhook", "manual"}) {
        if (pg::text_view(value) == word) {
            return word;
        }
    }
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown p_triggered_by"),
                    errdetail("It is \"%s\".", TextDatumGetCString(value)), errhint("Say cron, webhook or manual.")));
    pg_unreachable();
}

int priority_argument(FunctionCallInfo fcinfo, int number) {
    return PG_ARGISNULL(number) ? 5 : number_argument(fcinfo, number, "p_priority", lowest_priority, highest_priority);
}

TimestampTz time_argument(FunctionCallInfo fcinfo, int number, const char* name) {
    if (PG_ARGISNULL(number)) {
        return DT_NOBEGIN;
    }
    return pg::checked_time(PG_GETARG_TIMESTAMPTZ(number), name);
}

Datum request_id_argument(FunctionCallInfo fcinfo, int number) {
    if (PG_ARGISNULL(number)) {
        return 0;
    }
    const auto text = pg::text_view(PG_GETARG_DATUM(number));
    const int length = pg_mbstrlen_with_len(text.data(), static_cast<int>(text.size()));
    if (length < 1 || length > longest_request_id) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("p_request_id must have 1 to 200 characters"),
                        errdetail("It has %d.", length)));
    }
    return PG_GETARG_DATUM(number);
}

int number_argument(FunctionCallInfo fcinfo, int number, const char* name, int low, int high) {
    const int value = DatumGetInt32(pg::required(fcinfo, number, name));
    if (value < low || value > high) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s is out of range", name),
                        errdetail("It is %d.", value), errhint("Pass %d to %d.", low, high)));
    }
    return value;
}

} // namespace helix::queue
