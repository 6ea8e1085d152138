// Request ids of helix.enqueue_execution().
#include "pg/prelude.hpp"

#include "queue/requests.hpp"

#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"

namespace helix::queue {

namespace {

pg::Statement insert_request(R"(
    INSERT INTO helix_internal.queue_requests (user_id, request_id, execution_id)
    VALUES ($1, $2, $3)
    ON CONFLICT (user_id, request_id) DO NOTHING)",
                             {UUIDOID, TEXTOID, UUIDOID});

pg::Statement select_request(R"(
    SELECT execution_id
      FROM helix_internal.queue_requests
     WHERE user_id = $1 AND request_id = $2)",
                             {UUIDOID, TEXTOID});

// Another session may have been faster with the same id: then there is no such row any more.
pg::Statement take_over(R"(
    UPDATE helix_internal.queue_requests
       SET execution_id = $3,
           requested_at = pg_catalog.now()
     WHERE user_id = $1 AND request_id = $2 AND execution_id = $4)",
                        {UUIDOID, TEXTOID, UUIDOID, UUIDOID});

// A payload that is not given stands for the schedule's parameters, which may have changed since.
pg::Statement select_execution(R"(
    SELECT e.ended,
           e.operation_id,
           e.schedule_id IS NOT DISTINCT FROM $2 AND ($2 IS NOT NULL OR e.operation_id = $3)
               AND (e.payload IS NOT DISTINCT FROM $4 OR ($2 IS NOT NULL AND $4 IS NULL))
      FROM (SELECT 'no' AS ended, q.operation_id, q.schedule_id, q.payload
              FROM helix_internal.queue q
             WHERE q.id = $1
            UNION ALL
            SELECT h.execution_status, h.operation_id, h.schedule_id, h.payload
              FROM helix_internal.schedule_executions h
             WHERE h.id = $1) e)",
                               {UUIDOID, UUIDOID, TEXTOID, JSONBOID});
struct Execution {
    enum : int { ended = 1, operation_id, same };
};

enum class Earlier { stands, is_free, is_other };

// What the execution of the request id says of a new call. Once retention has removed it, its id is free.
Earlier judge(const NewExecution& execution, Datum earlier) {
    pg::Values values;
    values.add(earlier).add_uuid(execution.schedule_id).add(execution.operation_id);
    values.add(execution.given_payload, execution.given_payload == 0);
    if (select_execution.execute(values.values(), values.letters()) == 0) {
        return Earlier::is_free;
    }
    const auto ended = pg::text_view(pg::column(0, Execution::ended));
    if (ended == "failed" || ended == "skipped") {
        return Earlier::is_free;
    }
    return DatumGetBool(pg::column(0, Execution::same)) ? Earlier::stands : Earlier::is_other;
}

[[noreturn]] void refuse_other(const NewExecution& execution, Datum earlier) {
    const char* operation = TextDatumGetCString(pg::column(0, Execution::operation_id));
    ereport(ERROR,
            (errcode(ERRCODE_UNIQUE_VIOLATION), errmsg("the request id stands for another execution"),
             errdetail("\"%s\" was used for execution %s of \"%s\", with another payload, operation or schedule.",
                       TextDatumGetCString(execution.request_id), pg::uuid_text(earlier), operation),
             errhint("Repeat a call with the same values, or give each execution a p_request_id of its own.")));
    pg_unreachable();
}

// The execution that has the request id; it lives as long as SPI's memory.
Datum holder_of(const Datum* request) {
    if (select_request.execute(request) == 0) { // an older snapshot does not show it
        ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                        errmsg("could not serialize access: the request id was used meanwhile")));
    }
    return pg::uuid_datum(*DatumGetUUIDP(pg::only_column()));
}

} // namespace

std::optional<pg_uuid_t> note_request(const NewExecution& execution, const pg_uuid_t& id) {
    Datum request[] = {UUIDPGetDatum(&execution.user_id), execution.request_id, UUIDPGetDatum(&id), 0};
    if (insert_request.execute(request) > 0) {
        return std::nullopt;
    }
    for (;;) {
        const Datum earlier = holder_of(request);
        switch (judge(execution, earlier)) {
        case Earlier::stands:
            return *DatumGetUUIDP(earlier);
        case Earlier::is_other:
            refuse_other(execution, earlier);
        case Earlier::is_free:
            request[3] = earlier;
            if (take_over.execute(request) > 0) {
                return std::nullopt;
            }
        }
    }
}

} // namespace helix::queue
