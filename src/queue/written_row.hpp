// Owns: reading and checking the rows that clients write through the views of executions and batches. Used within
// queue/ only. All raise errors that name the column.
#pragma once

#include "pg/prelude.hpp"

#include "pg/trigger_row.hpp"

namespace helix::queue {

constexpr std::size_t most_result_bytes = std::size_t{1024} * 1024;

// A value that is passed by reference; 0 for null.
Datum written_value(const pg::TriggerRow& row, const char* column);

// The id in a column that must have one: 23502 on null.
pg_uuid_t written_id(const pg::TriggerRow& row, const char* column);

// One of `words`: 23514 on anything else. Null stands for `otherwise`; where that is null too, 23502.
const char* written_word(const pg::TriggerRow& row, const char* column, std::initializer_list<const char*> words,
                         const char* otherwise);

// USD; 0 for null.
Datum written_amount(const pg::TriggerRow& row, const char* column);

// The error's text as it is stored, and the result; 0 for null.
Datum written_error(const pg::TriggerRow& row);
Datum written_result(const pg::TriggerRow& row);

// The three estimates, from low to high, as numeric[]; 0 where none is given. `prefix` is "" or "total_".
Datum written_estimates(const pg::TriggerRow& row, const char* prefix);

// A finite time in the range that helix takes; DT_NOBEGIN for null.
TimestampTz written_time(const pg::TriggerRow& row, const char* column);

// 428C9 where one of the columns has a value: the database assigns it.
void refuse_given(const pg::TriggerRow& row, std::initializer_list<const char*> columns);

// 0A000 where one of the columns is changed.
void refuse_changed(const pg::TriggerRow& before, const pg::TriggerRow& row,
                    std::initializer_list<const char*> columns);

} // namespace helix::queue
