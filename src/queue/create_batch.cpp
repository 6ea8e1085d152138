// helix.create_batch().
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "operations/operations.hpp"
#include "pg/bounds.hpp"
#include "pg/guard.hpp"
#include "pg/ids.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/batch.hpp"
#include "queue/batch_plan.hpp"
#include "queue/enqueue.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_limits.hpp"

namespace helix::queue {

namespace {

constexpr int longest_name = 200;

pg::Statement insert_batch(R"(
    INSERT INTO helix_internal.operation_batches
           (id, user_id, name, batch_type, description, priority, max_concurrency, max_cost_usd, run_as, on_complete)
    VALUES ($1, $2, $3, $4, COALESCE($5, ''), $6, $7, $8, $9, $10))",
                           {UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, INT2OID, INT4OID, NUMERICOID, NAMEOID,
                            TEXTOID});

struct Argument {
    enum : int {
        user_id,
        name,
        batch_type,
        operations,
        description,
        priority,
        max_concurrency,
        max_cost_usd,
        start,
        on_complete
    };
};

// Nulls come first, whatever else is wrong.
void check_arguments(FunctionCallInfo fcinfo) {
    pg::required(fcinfo, Argument::user_id, "p_user_id");
    const Datum name = pg::required(fcinfo, Argument::name, "p_name");
    pg::required(fcinfo, Argument::batch_type, "p_batch_type");
    pg::required(fcinfo, Argument::operations, "p_operations");
    check_characters("p_name", name, longest_name);
    word_argument(fcinfo, Argument::batch_type, "p_batch_type", {"parallel", "sequential", "conditional"},
                  "Say parallel, sequential or conditional.");
    if (!PG_ARGISNULL(Argument::max_concurrency)) {
        number_argument(fcinfo, Argument::max_concurrency, "p_max_concurrency", 1, PG_INT32_MAX);
    }
    if (!PG_ARGISNULL(Argument::max_cost_usd)) {
        pg::check_amount("p_max_cost_usd", PG_GETARG_DATUM(Argument::max_cost_usd), "null for no limit");
    }
    pg::check_text_argument(fcinfo, Argument::description, "p_description", pg::longest_description);
}

} // namespace

HELIX_FUNCTION(helix_create_batch) {
    check_arguments(fcinfo);
    const Datum user = PG_GETARG_DATUM(Argument::user_id);
    const auto rights = callers::rights();
    callers::check_acts_for(*DatumGetUUIDP(user));
    const int priority = priority_argument(fcinfo, Argument::priority);
    check_priority(rights, priority);
    const char* const role = GetUserNameFromId(GetUserId(), false);
    if (!PG_ARGISNULL(Argument::on_complete)) {
        const auto operation = pg::text_view(PG_GETARG_DATUM(Argument::on_complete));
        operations::check_operation(operation);
        operations::refuse_superuser(operation, role);
    }
    const pg_uuid_t batch = pg::fresh_id();
    pg::Values values;
    values.add_uuid(&batch).add(user).add_argument(fcinfo, Argument::name).add_argument(fcinfo, Argument::batch_type);
    values.add_argument(fcinfo, Argument::description);
    values.add(Int16GetDatum(static_cast<std::int16_t>(priority)));
    values.add_argument(fcinfo, Argument::max_concurrency).add_argument(fcinfo, Argument::max_cost_usd);
    values.add(pg::name_datum(role)).add_argument(fcinfo, Argument::on_complete);
    pg::OwnerSpi spi;
    const auto plan = read_plan(PG_GETARG_DATUM(Argument::operations));
    insert_batch.execute(values.values(), values.letters());
    store_operations(batch, user, plan);
    if (!PG_ARGISNULL(Argument::start) && PG_GETARG_BOOL(Argument::start)) {
        start_batch(batch, rights);
    }
    spi.finish();
    return pg::uuid_datum(batch);
}

} // namespace helix::queue
