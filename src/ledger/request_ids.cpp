// Request ids: the table that makes a recording with the same request id count once.
#include "pg/prelude.hpp"

#include "ledger/request_ids.hpp"

#include "config.hpp"
#include "ledger/execution_ids.hpp"
#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/times.hpp"

#include <algorithm>

extern "C" {
#include "access/stratnum.h"
#include "access/table.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
}

namespace helix::ledger {

namespace {

// Columns of helix_internal.request_ids, in the order of its definition.
struct Column {
    enum : int { user_id, request_id, execution_id, content, recorded_at };
};

// Columns of its primary key.
struct Key {
    enum : int { user_id, request_id, count };
};

constexpr std::int64_t most_forgotten_at_once = 10'000;
constexpr int attempts_to_remember = 3;

pg::Statement insert_request(R"(
    INSERT INTO helix_internal.request_ids (user_id, request_id, execution_id, content)
    VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING)",
                             {UUIDOID, TEXTOID, INT8OID, INT8OID});

pg::Statement select_request(R"(
    SELECT execution_id, content IS NULL OR content = $3
      FROM helix_internal.request_ids
     WHERE user_id = $1 AND request_id = $2)",
                             {UUIDOID, TEXTOID, INT8OID});
struct SeenRow {
    enum : int { execution_id = 1, same_content };
};

// The first execution as errors show it; no row where it has not been committed, or is no longer kept.
pg::Statement select_first(R"(
    SELECT pg_catalog.format('%s, %s USD, %s', e.operation_id, pg_catalog.trim_scale(e.cost_usd), e.model)
      FROM helix_internal.executions e
     WHERE e.id = $1)",
                           {INT8OID});

pg::Statement delete_requests(R"(
    DELETE FROM helix_internal.request_ids
     WHERE ctid = ANY (ARRAY(SELECT r.ctid FROM helix_internal.request_ids r WHERE r.recorded_at < $1 LIMIT $2)))",
                              {TIMESTAMPTZOID, INT8OID});

// Returns how many it has forgotten.
std::int64_t forget_before(TimestampTz time) {
    const Datum values[] = {TimestampTzGetDatum(time), Int64GetDatum(most_forgotten_at_once)};
    pg::OwnerSpi spi;
    const auto forgotten = delete_requests.execute(values);
    spi.finish();
    return static_cast<std::int64_t>(forgotten);
}

// What is as old is forgotten. An execution that the ledger still has would count again, so its id stays as long.
std::optional<TimestampTz> forgotten_before(TimestampTz now) {
    if (config::ledger_retention_s == 0) {
        return std::nullopt; // the ledger keeps everything
    }
    constexpr int longest_month_s = 31 * SECS_PER_DAY;
    const std::int64_t kept_s = std::int64_t{config::ledger_retention_s} + longest_month_s;
    return now - std::max(kept_s, std::int64_t{config::request_id_window_s}) * USECS_PER_SEC;
}

const char* shown_first(std::int64_t id) {
    const Datum value = Int64GetDatum(id);
    const bool found = select_first.execute_latest(&value) > 0;
    return psprintf("It was recorded first as execution " INT64_FORMAT "%s%s", id, found ? ": " : "",
                    found ? TextDatumGetCString(pg::only_column()) : "");
}

[[noreturn]] void refuse_other_content(const Execution& execution, std::int64_t first_id) {
    const auto text = [](std::string_view view) { return pnstrdup(view.data(), view.size()); };
    const char* cost = DatumGetCString(DirectFunctionCall1(numeric_out, execution.cost_usd));
    ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
                    errmsg("request id \"%s\" was used for something else", text(*execution.request_id)),
                    errdetail("%s. Now it is %s, %s USD, %s.", shown_first(first_id), text(execution.operation_id),
                              cost, text(execution.model)),
                    errhint("Give each request an id of its own, and repeat a request as it was.")));
    pg_unreachable();
}

} // namespace

RememberedRequest remember_request(const Execution& execution) {
    const std::int64_t new_id = next_execution_id();
    const Datum user = UUIDPGetDatum(&execution.user_id);
    const Datum request_id = pg::text_datum(*execution.request_id);
    const Datum inserted[] = {user, request_id, Int64GetDatum(new_id), Int64GetDatum(execution.content)};
    const Datum looked_up[] = {user, request_id, Int64GetDatum(execution.content)};
    pg::OwnerSpi spi;
    // A conflicting row that is gone when it is looked up was forgotten in between: the next attempt inserts.
    for (int attempt = 0; attempt < attempts_to_remember; ++attempt) {
        if (insert_request.execute(inserted) == 1) {
            spi.finish();
            return {new_id, true};
        }
        if (select_request.execute(looked_up) == 1) {
            const std::int64_t first_id = DatumGetInt64(pg::column(0, SeenRow::execution_id));
            if (config::request_id_conflict == static_cast<int>(config::RequestIdConflict::error) &&
                !DatumGetBool(pg::column(0, SeenRow::same_content))) {
                refuse_other_content(execution, first_id);
            }
            spi.finish();
            return {first_id, false};
        }
    }
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not settle a request id used concurrently"), errhint("Try again.")));
}

RequestIdLookup::RequestIdLookup()
    : table_(table_open(pg::internal_relation("request_ids"), AccessShareLock)),
      index_(index_open(RelationGetPrimaryKeyIndex(table_), AccessShareLock)),
      what_others_write_(static_cast<SnapshotData*>(palloc0(sizeof(SnapshotData)))),
      slot_(table_slot_create(table_, nullptr)) {
    InitDirtySnapshot(*what_others_write_);
    scan_ = pg::begin_index_scan(table_, index_, what_others_write_, Key::count);
}

RequestIdState RequestIdLookup::state_of(const Execution& execution) {
    ScanKeyData keys[Key::count];
    const auto set = [this, &keys](int key, RegProcedure equal, Datum value) {
        ScanKeyEntryInitialize(&keys[key], 0, static_cast<AttrNumber>(key + 1), BTEqualStrategyNumber, InvalidOid,
                               index_->rd_indcollation[key], equal, value);
    };
    set(Key::user_id, F_UUID_EQ, UUIDPGetDatum(&execution.user_id));
    set(Key::request_id, F_TEXTEQ, pg::text_datum(*execution.request_id));
    index_rescan(scan_, keys, Key::count, nullptr, 0);
    if (!index_getnext_slot(scan_, ForwardScanDirection, slot_)) {
        return RequestIdState::unused;
    }
    const bool is_open =
        TransactionIdIsValid(what_others_write_->xmin) || TransactionIdIsValid(what_others_write_->xmax);
    return is_open ? RequestIdState::busy : RequestIdState::used;
}

void RequestIdLookup::finish() {
    index_endscan(scan_);
    ExecDropSingleTupleTableSlot(slot_);
    index_close(index_, AccessShareLock);
    table_close(table_, AccessShareLock);
}

NewRequestIds::NewRequestIds(int count) : rows_(pg::internal_relation("request_ids"), count) {}

std::int64_t NewRequestIds::remember(const Execution& execution) {
    const std::int64_t new_id = next_execution_id();
    rows_.add([&execution, new_id](TupleTableSlot* slot) {
        const auto set = [slot](int column, Datum value) {
            slot->tts_values[column] = value;
            slot->tts_isnull[column] = false;
        };
        set(Column::user_id, UUIDPGetDatum(&execution.user_id));
        set(Column::request_id, pg::text_datum(*execution.request_id));
        set(Column::execution_id, Int64GetDatum(new_id));
        set(Column::content, Int64GetDatum(execution.content));
        set(Column::recorded_at, TimestampTzGetDatum(GetCurrentTimestamp()));
    });
    return new_id;
}

void NewRequestIds::finish() {
    rows_.finish();
}

bool request_ids_task() {
    const auto before = forgotten_before(GetCurrentTimestamp());
    return before && forget_before(*before) == most_forgotten_at_once;
}

HELIX_FUNCTION(helix_forget_request_ids) {
    if (PG_ARGISNULL(0)) {
        PG_RETURN_INT64(0);
    }
    const auto before = forgotten_before(pg::checked_time(PG_GETARG_TIMESTAMPTZ(0), "p_now"));
    PG_RETURN_INT64(before ? forget_before(*before) : 0);
}

} // namespace helix::ledger
