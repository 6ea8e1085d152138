// Reads the columns of rows that clients write, and refuses those that must not be given or changed.
#include "pg/prelude.hpp"

#include "queue/written_row.hpp"

#include "pg/bounds.hpp"
#include "pg/error_text.hpp"
#include "pg/times.hpp"

extern "C" {
#include "utils/array.h"
}

namespace helix::queue {

namespace {

[[noreturn]] void refuse_null(const char* column) {
    ereport(ERROR, (errcode(ERRCODE_NOT_NULL_VIOLATION), errmsg("%s must not be null", column)));
    pg_unreachable();
}

} // namespace

Datum written_value(const pg::TriggerRow& row, const char* column) {
    bool is_null = false;
    const Datum value = row.value(column, &is_null);
    return is_null ? 0 : value;
}

pg_uuid_t written_id(const pg::TriggerRow& row, const char* column) {
    const Datum id = written_value(row, column);
    if (id == 0) {
        refuse_null(column);
    }
    return *DatumGetUUIDP(id);
}

const char* written_word(const pg::TriggerRow& row, const char* column, std::initializer_list<const char*> words,
                         const char* otherwise) {
    const char* given = row.text(column);
    if (given == nullptr && otherwise == nullptr) {
        refuse_null(column);
    }
    if (given == nullptr) {
        return otherwise;
    }
    StringInfoData known;
    initStringInfo(&known);
    for (const char* word : words) {
        if (strcmp(given, word) == 0) {
            return word;
        }
        appendStringInfo(&known, "%s%s", known.len == 0 ? "" : ", ", word);
    }
    ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION), errmsg("unknown %s", column), errdetail("It is \"%s\".", given),
                    errhint("Write one of %s.", known.data)));
    pg_unreachable();
}

Datum written_amount(const pg::TriggerRow& row, const char* column) {
    const Datum amount = written_value(row, column);
    if (amount != 0) {
        pg::check_amount(column, amount);
    }
    return amount;
}

Datum written_error(const pg::TriggerRow& row) {
    return pg::stored_error(written_value(row, "error_message"));
}

Datum written_result(const pg::TriggerRow& row) {
    const Datum result = written_value(row, "result");
    if (result != 0) {
        pg::check_json("result", result, most_result_bytes);
    }
    return result;
}

Datum written_estimates(const pg::TriggerRow& row, const char* prefix) {
    constexpr const char* parts[] = {"low", "mid", "high"};
    constexpr int count = std::size(parts);
    Datum amounts[count] = {};
    bool nulls[count] = {};
    bool any = false;
    for (int i = 0; i < count; ++i) {
        amounts[i] = written_amount(row, psprintf("%scost_estimated_%s", prefix, parts[i]));
        nulls[i] = amounts[i] == 0;
        any = any || !nulls[i];
    }
    int size = count;
    int first = 1;
    return any ? PointerGetDatum(
                     construct_md_array(amounts, nulls, 1, &size, &first, NUMERICOID, -1, false, TYPALIGN_INT))
               : 0;
}

TimestampTz written_time(const pg::TriggerRow& row, const char* column) {
    bool is_null = false;
    const Datum time = row.value(column, &is_null);
    return is_null ? DT_NOBEGIN : pg::checked_time(DatumGetTimestampTz(time), column);
}

void refuse_given(const pg::TriggerRow& row, std::initializer_list<const char*> columns) {
    for (const char* column : columns) {
        if (row.text(column) != nullptr) {
            ereport(ERROR,
                    (errcode(ERRCODE_GENERATED_ALWAYS), errmsg("column \"%s\" is assigned by the database", column),
                     errhint("Leave it out of the column list.")));
        }
    }
}

void refuse_changed(const pg::TriggerRow& before, const pg::TriggerRow& row,
                    std::initializer_list<const char*> columns) {
    for (const char* column : columns) {
        if (pg::differs(before.text(column), row.text(column))) {
            ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("column \"%s\" cannot change", column),
                            errhint("Insert a new row.")));
        }
    }
}

} // namespace helix::queue
