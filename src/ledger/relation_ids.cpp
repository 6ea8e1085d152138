#include "pg/prelude.hpp"

#include "ledger/relation_ids.hpp"

#include "pg/relations.hpp"

extern "C" {
#include "utils/inval.h"
}

namespace helix::ledger {

namespace {

RelationIds known{};

void forget(Datum, Oid relation) {
    if (relation == InvalidOid || relation == known.watermark || relation == known.execution_ids ||
        relation == known.partition) {
        known = {};
    }
}

} // namespace

void initialize_relation_ids() {
    CacheRegisterRelcacheCallback(forget, 0);
}

const RelationIds& relation_ids() {
    if (!OidIsValid(known.watermark)) {
        const Oid watermark = pg::internal_relation("watermark");
        const Oid execution_ids = pg::internal_relation("execution_ids");
        known.watermark = watermark;
        known.execution_ids = execution_ids;
    }
    return known;
}

void remember_watermark_is_ours() {
    known.watermark_is_ours = true;
}

void remember_partition(Oid partition, TimestampTz from, TimestampTz until) {
    known.partition = partition;
    known.from = from;
    known.until = until;
}

} // namespace helix::ledger
