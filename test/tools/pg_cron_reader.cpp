// A module for test/t/047_cron_meaning.pl: what pg_cron itself makes of an expression, by its own parser.
#include "pg/prelude.hpp"

extern "C" {
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

PG_MODULE_MAGIC;
}

namespace {

// What pg_cron's parser returns, up to what matters here: sets of bits from each field's lowest value on.
struct Entry {
    void* next;
    std::uint32_t ids[2];
    void* unused[2];
    std::uint8_t minutes[8];
    std::uint8_t hours[3];
    std::uint8_t days[4];
    std::uint8_t months[2];
    std::uint8_t weekdays[1];
    int flags;
};
enum Flag { any_day = 1, any_weekday = 2, reboot = 4 };

bool has(const std::uint8_t* bits, int number) {
    return (bits[number / 8] >> (number % 8) & 1) != 0;
}

bool runs_at(const Entry& entry, const pg_tm& time) {
    const bool day = has(entry.days, time.tm_mday - 1);
    const bool weekday = has(entry.weekdays, time.tm_wday);
    const bool either = (entry.flags & (any_day | any_weekday)) == 0;
    return has(entry.minutes, time.tm_min) && has(entry.hours, time.tm_hour) && has(entry.months, time.tm_mon - 1) &&
           (either ? day || weekday : day && weekday);
}

} // namespace

extern "C" {
PG_FUNCTION_INFO_V1(pg_cron_runs_at);
PGDLLEXPORT Datum pg_cron_runs_at(PG_FUNCTION_ARGS);

// pg_cron_runs_at(expression text, minute timestamp): null where pg_cron refuses the expression.
Datum pg_cron_runs_at(PG_FUNCTION_ARGS) {
    using Parser = Entry* (*)(char*);
    static const auto parse =
        reinterpret_cast<Parser>(load_external_function("$libdir/pg_cron", "parse_cron_entry", true, nullptr));
    Entry* entry = parse(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    if (entry == nullptr) {
        PG_RETURN_NULL();
    }
    pg_tm time{};
    fsec_t fraction = 0;
    if (timestamp2tm(PG_GETARG_TIMESTAMP(1), nullptr, &time, &fraction, nullptr, nullptr) != 0) {
        elog(ERROR, "the time cannot be read");
    }
    time.tm_wday = j2day(date2j(time.tm_year, time.tm_mon, time.tm_mday));
    const bool runs = (entry->flags & reboot) == 0 && runs_at(*entry, time);
    free(entry);
    PG_RETURN_BOOL(runs);
}
}
