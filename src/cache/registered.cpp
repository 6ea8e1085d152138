// Finds tables that a query reads and whose changes do not remove its key.
#include "pg/prelude.hpp"

#include "cache/registered.hpp"

#include "cache/shared.hpp"
#include "core/cache/key_template.hpp"
#include "core/error.hpp"
#include "core/glob.hpp"
#include "pg/guard.hpp"
#include "pg/relations.hpp"

#include <cstring>
#include <set>
#include <span>

extern "C" {
#include "access/relation.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace helix::cache {

namespace {

// A relation and the templates that it is registered with, in palloc'd memory.
struct Registered {
    const char* name = nullptr; // null where it holds no rows of its own
    int count = 0;
    const char** templates = nullptr;
};

// Whether it is one of the row triggers that helix.invalidate_on_change() makes.
bool invalidates(const Trigger& trigger) {
    const char* function = trigger.tgenabled == TRIGGER_DISABLED ? nullptr : get_func_name(trigger.tgfoid);
    return function != nullptr && strcmp(function, "invalidate_cache") == 0 && TRIGGER_FOR_ROW(trigger.tgtype) &&
           get_func_namespace(trigger.tgfoid) == pg::internal_schema();
}

void add_templates(Registered& registered, const Trigger& trigger) {
    const int total = registered.count + trigger.tgnargs;
    auto** templates = static_cast<const char**>(palloc0(sizeof(const char*) * static_cast<std::size_t>(total + 1)));
    std::copy_n(registered.templates, registered.count, templates);
    for (int i = 0; i < trigger.tgnargs; ++i) {
        templates[registered.count + i] = pstrdup(trigger.tgargs[i]);
    }
    registered.templates = templates;
    registered.count = total;
}

Registered registered_as(Oid oid) {
    Relation relation = try_relation_open(oid, AccessShareLock);
    Registered registered;
    if (relation == nullptr) {
        return registered;
    }
    const char kind = relation->rd_rel->relkind;
    if (kind != RELKIND_VIEW && kind != RELKIND_PARTITIONED_TABLE) {
        registered.name = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
                                                     RelationGetRelationName(relation));
    }
    const TriggerDesc* triggers = relation->trigdesc;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; ++i) {
        if (invalidates(triggers->triggers[i])) {
            add_templates(registered, triggers->triggers[i]);
        }
    }
    relation_close(relation, AccessShareLock);
    return registered;
}

List* with_partitions(List* relations) {
    List* all = NIL;
    ListCell* cell = nullptr;
    foreach (cell, relations) {
        const Oid oid = lfirst_oid(cell);
        all = list_append_unique_oid(all, oid);
        if (has_subclass(oid)) {
            all = list_concat_unique_oid(all, find_all_inheritors(oid, AccessShareLock, nullptr));
        }
    }
    return all;
}

bool template_names(const char* text, const std::string& key) {
    try {
        return glob_matches(KeyTemplate(text).pattern(), key);
    } catch (const Error&) {
        return false; // somebody has made the trigger by hand
    }
}

// Whether the session has not been warned of it before.
bool is_news(Oid relation, const std::string& key) {
    constexpr std::size_t most = 1000;
    static std::set<std::pair<Oid, std::string>> warned;
    if (warned.size() >= most) {
        warned.clear();
    }
    return warned.emplace(relation, key.substr(0, key.find(':'))).second;
}

std::string unregistered_among(List* relations, const std::string& key) {
    std::string found;
    for (int i = 0; i < list_length(relations); ++i) {
        const Oid oid = list_nth_oid(relations, i);
        const auto registered = pg::call([&] { return registered_as(oid); });
        const std::span templates(registered.templates, static_cast<std::size_t>(registered.count));
        const bool named = std::any_of(templates.begin(), templates.end(),
                                       [&](const char* text) { return template_names(text, key); });
        if (registered.name != nullptr && !named && is_news(oid, key)) {
            found += (found.empty() ? "" : ", ") + std::string(registered.name);
        }
    }
    return found;
}

} // namespace

void warn_of_unregistered(const std::string& key, List* relations) {
    if (relations == NIL || pg_atomic_read_u32(&shared().enabled) == 0) {
        return;
    }
    const auto found = unregistered_among(pg::call([&] { return with_partitions(relations); }), key);
    if (found.empty()) {
        return;
    }
    const char* text = key.c_str();
    const char* tables = found.c_str();
    pg::call([&] {
        ereport(
            WARNING,
            (errmsg("the cache does not see changes of %s", tables),
             errdetail("They are not registered with a template that names \"%s\".", text),
             errhint("Register them by helix.invalidate_on_change(), or remove the key by helix.cache_delete() in each "
                     "transaction that changes its value. Else readers get old values until its time to live ends.")));
    });
}

} // namespace helix::cache
