// The reading functions of helix: each checks its caller, then reads as the owner by a plan that the session keeps.
// Row security in the statement would have it planned anew with each call, and at each change of role.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "ledger/read_bounds.hpp"
#include "pg/guard.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/times.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "pg/zones.hpp"

namespace helix::ledger {

namespace {

// Each statement is a function of sql/install/340_reads.sql or 342_series.sql, which the planner inlines. None of them
// names the ledger: what is not folded comes from unfolded.cpp. So no plan has to follow its partitions.
#define HELIX_READ "SELECT r.* FROM helix_internal."

pg::Statement operation_monthly_cost(HELIX_READ "operation_monthly_cost($1, $2, $3) r", {UUIDOID, TEXTOID, DATEOID});
pg::Statement total_monthly_cost(HELIX_READ "total_monthly_cost($1, $2) r", {UUIDOID, DATEOID});
pg::Statement success_rate(HELIX_READ "success_rate($1, $2, $3, $4) r",
                           {UUIDOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID});
pg::Statement all_metrics(HELIX_READ "metrics_between($1, $2, $3) r", {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID});
pg::Statement metrics(HELIX_READ "metrics_between($1, $3, $4) r WHERE r.operation_id = $2",
                      {UUIDOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID});
pg::Statement summary(HELIX_READ "summary_between($1, $2, $3) r", {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID});
pg::Statement trend_by_date(HELIX_READ "trend_by_date($1, $2, $3) r", {UUIDOID, DATEOID, DATEOID});
pg::Statement trend_by_clock(HELIX_READ "trend_by_clock($1, $2, $3, $4) r", {UUIDOID, DATEOID, DATEOID, TEXTOID});

#define HELIX_READ_SERIES HELIX_READ "series_between($1, $2, $3, $4, $5, $6, $7) r"
constexpr std::initializer_list<Oid> series_types{UUIDOID,     UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
                                                  INTERVALOID, TEXTOID, TEXTOID};
pg::Statement series(HELIX_READ_SERIES, series_types);
pg::Statement series_of_all(HELIX_READ_SERIES, series_types);

constexpr int user_argument = 0; // of every reading function

// Statements about one user are planned once and look up by index. A kept plan may have been made while the tables were
// still empty. Those about all users are planned for their values each time.
enum class About { one_user, all_users };

void plan_reading(About about) {
    pg::set_for_now("jit", "off");
    if (about == About::all_users) {
        pg::set_for_now("plan_cache_mode", "force_custom_plan");
        return;
    }
    for (const char* way : {"enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"}) {
        pg::set_for_now(way, "off");
    }
    pg::set_for_now("plan_cache_mode", "force_generic_plan");
}

Datum authorized_user(FunctionCallInfo fcinfo) {
    const Datum user = pg::required(fcinfo, user_argument, "p_user_id", "Pass the user's uuid.");
    callers::check_acts_for(*DatumGetUUIDP(user));
    return user;
}

Datum zone_argument(FunctionCallInfo fcinfo, int number) {
    const Datum given =
        pg::required(fcinfo, number, "p_time_zone", "Pass a name of pg_timezone_names, such as Europe/Berlin.");
    return CStringGetTextDatum(pg::checked_zone(TextDatumGetCString(given)));
}

DateADT today_in(const char* zone) {
    return pg::utc_day(pg::local_time(pg::zone_or_utc(zone), GetCurrentTransactionStartTimestamp()));
}

// The arguments of a function whose first one is the user, as the statement's parameters.
pg::Values authorized_arguments(FunctionCallInfo fcinfo) {
    authorized_user(fcinfo);
    pg::Values values;
    for (int number = 0; number < PG_NARGS(); ++number) {
        values.add_argument(fcinfo, number);
    }
    return values;
}

// It reads in the snapshot of the calling statement, as a part of it would.
Datum only_value(FunctionCallInfo fcinfo, pg::Statement& statement) {
    pg::Values values = authorized_arguments(fcinfo);
    pg::OwnerSpi spi;
    plan_reading(About::one_user);
    statement.read(values.values(), values.letters());
    const Datum value = pg::copied_value(pg::only_column(0, &fcinfo->isnull));
    spi.finish();
    return value;
}

Datum all_rows(FunctionCallInfo fcinfo, pg::Statement& statement, pg::Values& values, About about = About::one_user) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    pg::OwnerSpi spi;
    plan_reading(about);
    const std::uint64_t rows = statement.read(values.values(), values.letters());
    for (std::uint64_t row = 0; row < rows; ++row) {
        tuplestore_puttuple(result->setResult, SPI_tuptable->vals[row]);
    }
    spi.finish();
    return 0;
}

Datum all_rows(FunctionCallInfo fcinfo, pg::Statement& statement) {
    pg::Values values = authorized_arguments(fcinfo);
    return all_rows(fcinfo, statement, values);
}

} // namespace

HELIX_FUNCTION(helix_get_operation_monthly_cost) {
    return only_value(fcinfo, operation_monthly_cost);
}

HELIX_FUNCTION(helix_get_total_monthly_cost) {
    return only_value(fcinfo, total_monthly_cost);
}

HELIX_FUNCTION(helix_calculate_success_rate) {
    return only_value(fcinfo, success_rate);
}

HELIX_FUNCTION(helix_get_all_operation_metrics) {
    return all_rows(fcinfo, all_metrics);
}

HELIX_FUNCTION(helix_get_operation_metrics) {
    return all_rows(fcinfo, metrics);
}

HELIX_FUNCTION(helix_get_period_summary) {
    return all_rows(fcinfo, summary);
}

HELIX_FUNCTION(helix_get_cost_trends) {
    struct Argument {
        enum : int { user = user_argument, days, time_zone };
    };
    const Datum user = authorized_user(fcinfo);
    const Datum zone = zone_argument(fcinfo, Argument::time_zone);
    const int days = trend_days(fcinfo, Argument::days);
    const DateADT today = today_in(TextDatumGetCString(zone));
    pg::Values values;
    values.add(user).add(DateADTGetDatum(today - days + 1)).add(DateADTGetDatum(today));
    if (pg::text_view(zone) == "UTC") {
        return all_rows(fcinfo, trend_by_date, values);
    }
    values.add(zone);
    return all_rows(fcinfo, trend_by_clock, values);
}

HELIX_FUNCTION(helix_get_usage_series) {
    struct Argument {
        enum : int { user = user_argument, start, end, step, time_zone, group_by };
    };
    const bool of_all = PG_ARGISNULL(Argument::user) && callers::acts_for_anyone();
    pg::Values values;
    if (of_all) {
        values.add(pg::uuid_datum(pg::uniform_uuid(0x00))).add(pg::uuid_datum(pg::uniform_uuid(0xff)));
    } else {
        const Datum user = authorized_user(fcinfo);
        values.add(user).add(user);
    }
    values.add_argument(fcinfo, Argument::start)
        .add_argument(fcinfo, Argument::end)
        .add_argument(fcinfo, Argument::step)
        .add(zone_argument(fcinfo, Argument::time_zone))
        .add_argument(fcinfo, Argument::group_by);
    return of_all ? all_rows(fcinfo, series_of_all, values, About::all_users) : all_rows(fcinfo, series, values);
}

} // namespace helix::ledger
