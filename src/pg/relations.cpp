#include "pg/relations.hpp"

extern "C" {
#include "catalog/pg_namespace.h"
#include "commands/extension.h"
#include "utils/syscache.h"
}

namespace helix::pg {

namespace {

constexpr const char* internal_schema_name = "helix_internal";

[[noreturn]] void not_created() {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("extension \"helix\" is not created in this database"),
                    errhint("Run CREATE EXTENSION helix as a superuser.")));
}

} // namespace

Oid internal_schema() {
    const Oid schema = get_namespace_oid(internal_schema_name, true);
    if (!OidIsValid(schema)) {
        not_created();
    }
    return schema;
}

Oid internal_relation(const char* name) {
    const Oid relation = get_relname_relid(name, internal_schema());
    if (!OidIsValid(relation)) {
        not_created();
    }
    return relation;
}

const char* qualified_name(Relation relation) {
    return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
                                      RelationGetRelationName(relation));
}

Oid extension_owner() {
    HeapTuple tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(internal_schema()));
    if (!HeapTupleIsValid(tuple)) {
        not_created();
    }
    const Oid owner = reinterpret_cast<Form_pg_namespace>(GETSTRUCT(tuple))->nspowner;
    ReleaseSysCache(tuple);
    return owner;
}

bool extension_exists() {
    return OidIsValid(get_extension_oid("helix", true)) && OidIsValid(get_namespace_oid(internal_schema_name, true));
}

} // namespace helix::pg
