// Owns: reading and checking the arguments of the queue's functions. Used within queue/ only. All raise PostgreSQL
// errors that name the offending value.
#pragma once

#include "pg/values.hpp"

namespace helix::queue {

// P0002: there is no such schedule, execution, batch.
[[noreturn]] void refuse_unknown(const char* what, const pg_uuid_t& id);

// 0 for null.
Datum optional_argument(FunctionCallInfo fcinfo, int number);

// One of `words`; 22023 with the hint on anything else, 22004 on null.
const char* word_argument(FunctionCallInfo fcinfo, int number, const char* name,
                          std::initializer_list<const char*> words, const char* hint);

// cron, webhook or manual.
const char* trigger_word(FunctionCallInfo fcinfo, int number);

// 1 to 10; null: 5.
int priority_argument(FunctionCallInfo fcinfo, int number);

// A time within the range of pg/times.hpp; DT_NOBEGIN for null.
TimestampTz time_argument(FunctionCallInfo fcinfo, int number, const char* name);

// A text of 1 to 200 characters; 0 for null.
Datum key_argument(FunctionCallInfo fcinfo, int number, const char* name);

// A number within bounds; 22004 on null.
int number_argument(FunctionCallInfo fcinfo, int number, const char* name, int low, int high);

// The attempt whose claim got the fencing token. -1, which fits no claim, where the token is out of range.
std::int32_t attempt_of_token(std::int64_t fencing_token);

// 22023 where the text is empty, 22001 where it has more than `most` characters.
void check_characters(const char* name, Datum text, int most);

} // namespace helix::queue
