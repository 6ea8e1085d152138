// Reads the operations of a new batch from jsonb, checks them, and finds circles in their dependencies.
#include "pg/prelude.hpp"

#include "queue/batch_plan.hpp"

#include "config.hpp"
#include "core/error.hpp"
#include "core/queue/dependencies.hpp"
#include "operations/operations.hpp"
#include "pg/ids.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_limits.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
}

namespace helix::queue {

namespace {

constexpr int longest_name = 200;

pg::Statement select_operations(R"(
    SELECT e.value ->> 'operation_id', e.value ->> 'name',
           COALESCE(NULLIF(e.value -> 'parameters', 'null'), '{}'),
           CASE WHEN pg_catalog.jsonb_typeof(e.value) <> 'object'
                THEN 'is not an object'
                WHEN pg_catalog.jsonb_typeof(COALESCE(e.value -> 'depends_on', '[]')) NOT IN ('array', 'null')
                THEN 'has a depends_on that is not an array'
                WHEN pg_catalog.jsonb_typeof(e.value -> 'operation_id') <> 'string'
                THEN 'has an operation_id that is not a text'
                WHEN pg_catalog.jsonb_typeof(COALESCE(e.value -> 'name', '""')) NOT IN ('string', 'null')
                THEN 'has a name that is not a text'
                WHEN pg_catalog.jsonb_typeof(COALESCE(e.value -> 'parameters', '{}')) NOT IN ('object', 'null')
                THEN 'has parameters that are not an object'
                WHEN EXISTS (SELECT FROM pg_catalog.jsonb_object_keys(e.value) k
                              WHERE k NOT IN ('operation_id', 'name', 'parameters', 'depends_on'))
                THEN 'has an unknown field'
                WHEN e.value ->> 'name' IS NOT NULL
                     AND pg_catalog.count(*) OVER (PARTITION BY e.value ->> 'name') > 1
                THEN 'has the name of another' END
      FROM pg_catalog.jsonb_array_elements($1) WITH ORDINALITY e (value, number)
     ORDER BY e.number)",
                                {JSONBOID});
struct Element {
    enum : int { operation_id = 1, name, parameters, complaint };
};

pg::Statement select_dependencies(R"(
    WITH o AS (
        SELECT e.value ->> 'name' AS name, e.number, NULLIF(e.value -> 'depends_on', 'null') AS depends_on
          FROM pg_catalog.jsonb_array_elements($1) WITH ORDINALITY e (value, number)),
    d AS (
        SELECT DISTINCT o.number, n.value AS needed, pg_catalog.jsonb_typeof(n.value) AS kind
          FROM o, pg_catalog.jsonb_array_elements(o.depends_on) n),
    found AS (
        SELECT d.number::integer,
               CASE d.kind
                    WHEN 'string' THEN t.number::integer
                    WHEN 'number' THEN
                         CASE WHEN d.needed::numeric BETWEEN 1 AND pg_catalog.jsonb_array_length($1)
                                   AND d.needed::numeric = pg_catalog.trunc(d.needed::numeric)
                              THEN d.needed::integer END
               END AS needs,
               d.needed::text
          FROM d
          LEFT JOIN o t ON d.kind = 'string' AND t.name = d.needed #>> '{}')
    SELECT DISTINCT ON (f.number, f.needs) f.number, f.needs, f.needed
      FROM found f
     ORDER BY 1, 2, 3)",
                                  {JSONBOID});
struct Need {
    enum : int { position = 1, needs, needed };
};

pg::Statement count_dependencies(R"(
    SELECT coalesce(pg_catalog.sum(pg_catalog.jsonb_array_length(e -> 'depends_on')), 0)
      FROM pg_catalog.jsonb_array_elements($1) e
     WHERE pg_catalog.jsonb_typeof(e -> 'depends_on') = 'array')",
                                 {JSONBOID});

pg::Statement insert_operation(R"(
    INSERT INTO helix_internal.batch_operations
           (id, batch_id, user_id, operation_id, name, parameters, sequence_order, depends_on, unblocked)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8 IS NULL))",
                               {UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, JSONBOID, INT4OID, UUIDARRAYOID});

[[noreturn]] void refuse_operation(int position, const char* what) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid operation in p_operations"),
             errdetail("Operation %d %s.", position, what),
             errhint("Pass [{\"operation_id\": ..., \"name\": ..., \"parameters\": {...}, \"depends_on\": [names "
                     "or positions from 1]}, ...].")));
    pg_unreachable();
}

void check_size(Datum operations) {
    const Jsonb* json = DatumGetJsonbP(operations);
    const bool array = JB_ROOT_IS_ARRAY(json) && !JB_ROOT_IS_SCALAR(json);
    const auto count = array ? static_cast<int>(JB_ROOT_COUNT(json)) : 0;
    if (count < 1 || count > most_operations) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("p_operations must be an array of 1 to %d operations", most_operations),
                        array ? errdetail("It has %d.", count) : errdetail("It is not an array.")));
    }
}

// Where every operation depends on all others, the server is busy for half a minute each time that the batch moves on.
void check_dependency_count(Datum operations, std::int64_t existing) {
    count_dependencies.execute(&operations);
    const auto count = DatumGetInt64(pg::only_column()) + existing;
    if (count > config::max_batch_dependencies) {
        ereport(
            ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the operations of a batch have too many dependencies"),
             errdetail("Together they list %lld.", static_cast<long long>(count)),
             errhint("List %d at most (helix.max_batch_dependencies). One operation that waits for many, and for which "
                     "others wait, needs fewer.",
                     config::max_batch_dependencies)));
    }
}

void read_operations(Datum json, BatchPlan& plan) {
    plan.operation_count = static_cast<int>(select_operations.execute(&json));
    plan.operations = static_cast<PlannedOperation*>(palloc(sizeof(PlannedOperation) * plan.operation_count));
    for (int i = 0; i < plan.operation_count; ++i) {
        bool is_null = false;
        auto& operation = plan.operations[i];
        const Datum complaint = pg::column(i, Element::complaint, &is_null);
        if (!is_null) {
            refuse_operation(i + 1, TextDatumGetCString(complaint));
        }
        operation.operation_id = pg::column(i, Element::operation_id, &is_null);
        if (is_null) {
            refuse_operation(i + 1, "has no operation_id");
        }
        const Datum name = pg::column(i, Element::name, &is_null);
        operation.name = is_null ? 0 : name;
        if (!is_null) {
            check_characters(psprintf("the name of operation %d", i + 1), name, longest_name);
        }
        operation.parameters = pg::column(i, Element::parameters);
        check_payload(operation.parameters, i + 1);
        operation.id = pg::fresh_id();
    }
}

// Comes after the rows have been read: asking for an operation may run the statement that reads helix.operations anew.
void check_operations(const BatchPlan& plan, int first) {
    for (int i = first; i < plan.operation_count; ++i) {
        const auto name = pg::text_view(plan.operations[i].operation_id);
        if (!operations::has_operation(name)) {
            throw operations::unknown_operation(name, "Operation " + std::to_string(i + 1) + " is");
        }
    }
}

void read_dependencies(Datum json, BatchPlan& plan) {
    plan.dependency_count = static_cast<int>(select_dependencies.execute(&json));
    plan.dependencies = static_cast<Dependency*>(palloc(sizeof(Dependency) * (plan.dependency_count + 1)));
    for (int i = 0; i < plan.dependency_count; ++i) {
        bool unknown = false;
        const int position = DatumGetInt32(pg::column(i, Need::position));
        const Datum needs = pg::column(i, Need::needs, &unknown);
        if (unknown) {
            refuse_operation(position, psprintf("depends on %s, which is no name or position of the batch",
                                                TextDatumGetCString(pg::column(i, Need::needed))));
        }
        plan.dependencies[i] = {position - 1, DatumGetInt32(needs) - 1};
    }
}

void check_cycles(const BatchPlan& plan) {
    Dependencies dependencies(static_cast<std::size_t>(plan.operation_count));
    for (int i = 0; i < plan.dependency_count; ++i) {
        const auto& [operation, needs] = plan.dependencies[i];
        dependencies[static_cast<std::size_t>(operation)].push_back(static_cast<std::size_t>(needs));
    }
    const auto cycle = find_cycle(dependencies);
    if (cycle.empty()) {
        return;
    }
    std::string path;
    for (const auto operation : cycle) {
        path += std::to_string(operation + 1) + " needs ";
    }
    throw Error(sqlstate::invalid_parameter_value, "the operations depend on each other in a circle",
                "Operation " + path + std::to_string(cycle.front() + 1) + ".", "Leave one of these dependencies out.");
}

// The ids of what an operation depends on; 0 where it depends on nothing. `next` is the first dependency to look at,
// and moves on.
Datum needed_ids(const BatchPlan& plan, int operation, int& next) {
    const int first = next;
    while (next < plan.dependency_count && plan.dependencies[next].operation == operation) {
        ++next;
    }
    if (next == first) {
        return 0;
    }
    auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * (next - first)));
    for (int i = first; i < next; ++i) {
        ids[i - first] = UUIDPGetDatum(&plan.operations[plan.dependencies[i].needs].id);
    }
    return pg::uuid_array(ids, next - first);
}

} // namespace

BatchPlan read_plan(Datum operations, const Existing& existing) {
    check_size(operations);
    Datum all = operations;
    if (existing.count > 0) {
        all = DirectFunctionCall2(jsonb_concat, existing.operations, operations);
        check_size(all);
    }
    BatchPlan plan{};
    read_operations(all, plan);
    check_dependency_count(operations, existing.dependencies);
    read_dependencies(all, plan);
    check_operations(plan, existing.count);
    check_cycles(plan);
    return plan;
}

void store_operations(const pg_uuid_t& batch, Datum user, const BatchPlan& plan, int first) {
    int next = 0;
    for (int i = first; i < plan.operation_count; ++i) {
        const auto& operation = plan.operations[i];
        const Datum needs = needed_ids(plan, i, next);
        pg::Values values;
        values.add_uuid(&operation.id).add_uuid(&batch).add(user).add(operation.operation_id);
        values.add(operation.name, operation.name == 0).add(operation.parameters).add(Int32GetDatum(i + 1));
        values.add(needs, needs == 0);
        insert_operation.execute(values.values(), values.letters());
    }
}

} // namespace helix::queue
