// helix.invalidate_on_change(): gives a table the triggers of row_trigger.cpp.
#include "pg/prelude.hpp"

#include "config.hpp"
#include "core/cache/key_template.hpp"
#include "core/error.hpp"
#include "core/glob.hpp"
#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/table.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

namespace helix::cache {

namespace {

// Types whose text is the same whatever the session's settings are.
bool has_plain_text(Oid type) {
    const Oid base = getBaseType(type);
    constexpr std::array plain = {UUIDOID, TEXTOID, VARCHAROID, BPCHAROID, NAMEOID, INT2OID, INT4OID, INT8OID, BOOLOID};
    return std::find(plain.begin(), plain.end(), base) != plain.end() || base == NUMERICOID || type_is_enum(base);
}

struct Column {
    bool exists;
    bool usable;
};

Column look_at_column(Relation table, const char* name) {
    TupleDesc columns = RelationGetDescr(table);
    const int number = SPI_fnumber(columns, name);
    if (number <= 0) {
        return {false, false};
    }
    const auto* attribute = TupleDescAttr(columns, number - 1);
    constexpr char virtual_column = 'v'; // from PostgreSQL 18 on; its value is not in a trigger's row
    return {true, attribute->attgenerated != virtual_column && has_plain_text(attribute->atttypid)};
}

void check_columns(Relation table, const std::string& text, const KeyTemplate& key) {
    for (const auto& column : key.columns()) {
        const char* name = column.c_str();
        const auto found = pg::call([&] { return look_at_column(table, name); });
        if (!found.exists) {
            throw Error(sqlstate::undefined_column, "column \"" + column + "\" does not exist",
                        "The template is \"" + text + "\".", "Name columns of the table in braces.");
        }
        if (!found.usable) {
            throw Error(sqlstate::feature_not_supported, "column \"" + column + "\" cannot stand in a cache key",
                        "Its text depends on settings of the session.",
                        "Use columns of type uuid, text, integer, numeric, boolean or an enum.");
        }
    }
}

void check_owned(const std::string& text, const KeyTemplate& key) {
    const auto pattern = key.pattern();
    const auto owned = config::list_of(config::cache_keys);
    const auto covers = [&](const auto& each) { return glob_matches(each, pattern); };
    if (std::none_of(owned.begin(), owned.end(), covers)) {
        throw Error(sqlstate::invalid_parameter_value, "helix does not own this key in Redis",
                    "No pattern of helix.cache_keys matches \"" + text + "\".",
                    "Add one, such as \"" + glob_prefix(pattern).literal +
                        "*\", so that the keys are removed too where it is not known which of them are stale.");
    }
}

std::vector<std::string> templates_from(ArrayType* array) {
    struct Elements {
        Datum* values;
        bool* nulls;
        int count;
    };
    const auto elements = pg::call([&] {
        Elements found{};
        deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &found.values, &found.nulls, &found.count);
        return found;
    });
    std::vector<std::string> templates;
    for (int i = 0; i < elements.count; ++i) {
        if (elements.nulls[i]) {
            throw Error(sqlstate::null_value_not_allowed, "p_keys must not hold nulls", {}, "Pass templates of keys.");
        }
        const Datum value = elements.values[i];
        templates.emplace_back(pg::call([&] { return pg::text_view(value); }));
    }
    return templates;
}

// The triggers' arguments as SQL, palloc'd.
const char* checked_arguments(Relation table, ArrayType* array) {
    std::string list;
    for (const auto& text : templates_from(array)) {
        const KeyTemplate key(text);
        check_owned(text, key);
        check_columns(table, text, key);
        const char* literal = text.c_str();
        list += list.empty() ? "" : ", ";
        list += pg::call([&] { return static_cast<const char*>(quote_literal_cstr(literal)); });
    }
    const char* plain = list.c_str();
    return pg::call([&] { return static_cast<const char*>(pstrdup(plain)); });
}

// A statement trigger on a partitioned table does not hear of TRUNCATE on a partition.
void refuse_partitioned(Relation table) {
    if (table->rd_rel->relkind != RELKIND_RELATION) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("\"%s\" is not a plain table", RelationGetRelationName(table)),
                        errhint("Of a partitioned table register each partition.")));
    }
}

// As the caller, who must own the table; `name` is qualified and quoted.
void create_triggers(const char* name, const char* arguments) {
    const int nesting = NewGUCNestLevel();
    pg::set_for_now("search_path", "pg_catalog, pg_temp");
    pg::connect_spi();
    pg::execute_text(psprintf(R"(
        CREATE TRIGGER helix_cache_rows AFTER INSERT OR UPDATE OR DELETE ON %s
           FOR EACH ROW EXECUTE FUNCTION helix_internal.invalidate_cache(%s))",
                              name, arguments));
    pg::execute_text(psprintf(R"(
        CREATE TRIGGER helix_cache_truncate AFTER TRUNCATE ON %s
           FOR EACH STATEMENT EXECUTE FUNCTION helix_internal.invalidate_cache(%s))",
                              name, arguments));
    pg::execute_text(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER helix_cache_rows", name));
    pg::execute_text(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER helix_cache_truncate", name));
    SPI_finish();
    AtEOXact_GUC(true, nesting);
}

} // namespace

HELIX_FUNCTION(helix_invalidate_on_change) {
    struct Argument {
        enum : int { relation, keys };
    };
    if (PG_ARGISNULL(Argument::relation) || PG_ARGISNULL(Argument::keys)) {
        throw null_value("p_relation and p_keys", "Pass a table and at least one template of a key.");
    }
    ArrayType* array = PG_GETARG_ARRAYTYPE_P(Argument::keys);
    Relation table = table_open(PG_GETARG_OID(Argument::relation), ShareRowExclusiveLock);
    refuse_partitioned(table);
    const char* name = pg::qualified_name(table);
    const char* arguments = checked_arguments(table, array);
    table_close(table, NoLock); // ALTER TABLE wants it unused; the lock stays
    create_triggers(name, arguments);
    PG_RETURN_VOID();
}

} // namespace helix::cache
