// helix.set_theme_preferences and helix.reset_preferences.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/values.hpp"

namespace helix::preferences {

namespace {

constexpr int theme_arguments = 12; // the user, and what they want

pg::Statement upsert(R"(
    INSERT INTO helix.ui_theme_preferences AS t
           (user_id, color_scheme, accent_color, compact_mode, email_list_view, calendar_view, tasks_sort_by,
            notify_on_operation_completion, notify_on_operation_failure, notify_on_cost_limit_warning,
            notify_on_cost_limit_exceeded, sidebar_collapsed)
    SELECT $1,
           COALESCE($2, d.color_scheme),
           COALESCE($3, d.accent_color),
           COALESCE($4, d.compact_mode),
           COALESCE($5, d.email_list_view),
           COALESCE($6, d.calendar_view),
           COALESCE($7, d.tasks_sort_by),
           COALESCE($8, d.notify_on_operation_completion),
           COALESCE($9, d.notify_on_operation_failure),
           COALESCE($10, d.notify_on_cost_limit_warning),
           COALESCE($11, d.notify_on_cost_limit_exceeded),
           COALESCE($12, d.sidebar_collapsed)
      FROM helix_internal.default_theme($1) d
    ON CONFLICT (user_id) DO UPDATE SET
           color_scheme = COALESCE($2, t.color_scheme),
           accent_color = COALESCE($3, t.accent_color),
           compact_mode = COALESCE($4, t.compact_mode),
           email_list_view = COALESCE($5, t.email_list_view),
           calendar_view = COALESCE($6, t.calendar_view),
           tasks_sort_by = COALESCE($7, t.tasks_sort_by),
           notify_on_operation_completion = COALESCE($8, t.notify_on_operation_completion),
           notify_on_operation_failure = COALESCE($9, t.notify_on_operation_failure),
           notify_on_cost_limit_warning = COALESCE($10, t.notify_on_cost_limit_warning),
           notify_on_cost_limit_exceeded = COALESCE($11, t.notify_on_cost_limit_exceeded),
           sidebar_collapsed = COALESCE($12, t.sidebar_collapsed)
    RETURNING t.*)",
                     {UUIDOID, TEXTOID, TEXTOID, BOOLOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, BOOLOID, BOOLOID, BOOLOID,
                      BOOLOID});

pg::Statement delete_operations("DELETE FROM helix.user_operation_preferences WHERE user_id = $1", {UUIDOID});
pg::Statement delete_theme("DELETE FROM helix.ui_theme_preferences WHERE user_id = $1", {UUIDOID});

} // namespace

HELIX_FUNCTION(helix_set_theme_preferences) {
    callers::check_acts_for(*DatumGetUUIDP(pg::required(fcinfo, 0, "p_user_id")));
    pg::Values values;
    for (int number = 0; number < theme_arguments; ++number) {
        values.add_argument(fcinfo, number);
    }
    TupleDesc columns = pg::result_columns(fcinfo);
    pg::OwnerSpi spi;
    upsert.execute(values.values(), values.letters()); // the table's trigger knows the words
    const Datum row = pg::copied_row(columns);
    spi.finish();
    PG_RETURN_DATUM(row);
}

HELIX_FUNCTION(helix_reset_preferences) {
    const Datum user = pg::required(fcinfo, 0, "p_user_id");
    callers::check_acts_for(*DatumGetUUIDP(user));
    pg::OwnerSpi spi;
    delete_operations.execute(&user);
    delete_theme.execute(&user);
    spi.finish();
    PG_RETURN_VOID();
}

} // namespace helix::preferences
