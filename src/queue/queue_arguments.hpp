// Owns: reading and checking the arguments of the queue's functions. Used within queue/ only. All raise PostgreSQL
// errors that name the offending value.
#pragma once

#include "pg/values.hpp"

namespace helix::queue {

// P0002: there is no such schedule, execution, batch.
[[noreturn]] void refuse_unknown(const char* what, const pg_uuid_t& id);

// cron, webhook or manual.
const char* trigger_word(FunctionCallInfo fcinfo, int number);

// 1 to 10; null: 5.
int priority_argument(FunctionCallInfo fcinfo, int number);

// A time within the range of pg/times.hpp; DT_NOBEGIN for null.
TimestampTz time_argument(FunctionCallInfo fcinfo, int number, const char* name);

// A text of 1 to 200 characters; 0 for null.
Datum request_id_argument(FunctionCallInfo fcinfo, int number);

// A number within bounds; 22004 on null.
int number_argument(FunctionCallInfo fcinfo, int number, const char* name, int low, int high);

} // namespace helix::queue
