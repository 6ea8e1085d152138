// Relations whose rows are cached: the triggers that say which keys a changed row makes stale, and the function that
// gives them to a table.
//
// The triggers are row triggers that fire always: logical replication's apply fires nothing else, and COPY, TRUNCATE
// (by a statement trigger) and cascades come by as well.
#include "pg/prelude.hpp"

#include "cache/pending.hpp"
#include "config.hpp"
#include "core/error.hpp"
#include "core/glob.hpp"
#include "core/key_template.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "commands/trigger.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
}

namespace helix::cache {

namespace {

struct ColumnText {
    bool exists;
    const char* text; // palloc'd; null on SQL null
};

ColumnText column_text(Relation relation, HeapTuple row, const char* column) {
    TupleDesc columns = RelationGetDescr(relation);
    const int number = SPI_fnumber(columns, column);
    return number == SPI_ERROR_NOATTRIBUTE ? ColumnText{false, nullptr}
                                           : ColumnText{true, SPI_getvalue(row, columns, number)};
}

void note_row(Relation relation, HeapTuple row, const KeyTemplate& key) {
    std::vector<std::string_view> values;
    for (const auto& column : key.columns()) {
        const char* name = column.c_str();
        const auto value = pg::call([&] { return column_text(relation, row, name); });
        if (!value.exists) {
            return pending().add_pattern(key.pattern()); // renamed or dropped: no reason to fail the user's change
        }
        if (value.text == nullptr) {
            return; // a null names no key
        }
        values.emplace_back(value.text);
    }
    if (key.is_pattern()) {
        pending().add_pattern(key.expanded(values));
    } else {
        pending().add_key(key.expanded(values));
    }
}

void note_change(const TriggerData& trigger) {
    for (int i = 0; i < trigger.tg_trigger->tgnargs; ++i) {
        const KeyTemplate key(trigger.tg_trigger->tgargs[i]);
        if (TRIGGER_FIRED_FOR_STATEMENT(trigger.tg_event)) {
            pending().add_pattern(key.pattern());
            continue;
        }
        note_row(trigger.tg_relation, trigger.tg_trigtuple, key);
        if (TRIGGER_FIRED_BY_UPDATE(trigger.tg_event)) {
            note_row(trigger.tg_relation, trigger.tg_newtuple, key); // the row may have changed hands
        }
    }
}

bool is_owned(const KeyTemplate& key) {
    // What stands before the first column decides: "cost_trends:" is owned by "cost_trends:*".
    const auto sample = key.pattern();
    for (const auto& owned : config::list_of(config::cache_keys)) {
        if (glob_matches(owned, sample)) {
            return true;
        }
    }
    return false;
}

void check_templates(const std::vector<std::string>& templates) {
    for (const auto& text : templates) {
        const KeyTemplate key(text);
        if (!is_owned(key)) {
            throw Error(sqlstate::invalid_parameter_value, "helix does not own this key in Redis",
                        "No pattern of helix.cache_keys matches \"" + text + "\".",
                        "Add one, such as \"" + glob_prefix(key.pattern()).literal +
                            "*\", so that the keys are removed too where it is not known which of them are stale.");
        }
    }
}

std::vector<std::string> templates_from(ArrayType* array) {
    Datum* values = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
    std::vector<std::string> templates;
    for (int i = 0; i < count; ++i) {
        if (nulls[i]) {
            throw Error(sqlstate::null_value_not_allowed, "p_keys must not hold nulls", {}, "Pass templates of keys.");
        }
        templates.emplace_back(pg::text_view(values[i]));
    }
    return templates;
}

// As the caller, who must own the table.
void create_triggers(Oid table, const char* arguments) {
    const int nesting = NewGUCNestLevel();
    set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                      false);
    if (SPI_connect() != SPI_OK_CONNECT) {
        elog(ERROR, "could not connect to SPI");
    }
    const char* name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)), get_rel_name(table));
    pg::execute_text(psprintf("CREATE TRIGGER helix_cache_rows AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW "
                              "EXECUTE FUNCTION helix_internal.invalidate_cache(%s)",
                              name, arguments));
    pg::execute_text(psprintf("CREATE TRIGGER helix_cache_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT "
                              "EXECUTE FUNCTION helix_internal.invalidate_cache(%s)",
                              name, arguments));
    pg::execute_text(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER helix_cache_rows", name));
    pg::execute_text(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER helix_cache_truncate", name));
    SPI_finish();
    AtEOXact_GUC(true, nesting);
}

} // namespace

} // namespace helix::cache

using namespace helix;

HELIX_FUNCTION(helix_invalidate_cache) {
    if (!CALLED_AS_TRIGGER(fcinfo)) {
        throw Error("39P01", "invalidate_cache() is a trigger function", {}, "Use helix.invalidate_on_change().");
    }
    const auto* trigger = reinterpret_cast<TriggerData*>(fcinfo->context);
    cache::note_change(*trigger);
    return PointerGetDatum(nullptr);
}

HELIX_FUNCTION(helix_invalidate_on_change) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) {
        throw Error(sqlstate::null_value_not_allowed, "p_relation and p_keys must not be null", {},
                    "Pass a table and at least one template of a key.");
    }
    const Oid table = PG_GETARG_OID(0);
    const char* arguments = nullptr;
    {
        auto* array = pg::call([&] { return PG_GETARG_ARRAYTYPE_P(1); });
        const auto templates = cache::templates_from(array);
        cache::check_templates(templates);
        std::string list;
        for (const auto& text : templates) {
            const KeyTemplate key(text);
            for (const auto& column : key.columns()) {
                const char* name = column.c_str();
                if (pg::call([&] { return get_attnum(table, name); }) <= 0) {
                    throw Error("42703", "column \"" + column + "\" does not exist",
                                "The template is \"" + text + "\".", "Name columns of the table in braces.");
                }
            }
            const char* literal = text.c_str();
            list += list.empty() ? "" : ", ";
            list += pg::call([&] { return static_cast<const char*>(quote_literal_cstr(literal)); });
        }
        const char* plain = list.c_str();
        arguments = pg::call([&] { return static_cast<const char*>(pstrdup(plain)); });
    }
    cache::create_triggers(table, arguments);
    PG_RETURN_VOID();
}
