// Refuses trigger functions that are attached where they must not be.
#include "pg/prelude.hpp"

#include "pg/trigger_check.hpp"

#include <cstring>

extern "C" {
#include "executor/spi.h"
#include "lib/stringinfo.h"
}

namespace helix::pg {

namespace {

Timing timing_of(const TriggerData& trigger) {
    if (TRIGGER_FIRED_INSTEAD(trigger.tg_event)) {
        return Timing::instead_of;
    }
    return TRIGGER_FIRED_BEFORE(trigger.tg_event) ? Timing::before : Timing::after;
}

unsigned event_of(const TriggerData& trigger) {
    switch (trigger.tg_event & TRIGGER_EVENT_OPMASK) {
    case TRIGGER_EVENT_INSERT:
        return on_insert;
    case TRIGGER_EVENT_UPDATE:
        return on_update;
    case TRIGGER_EVENT_DELETE:
        return on_delete;
    default:
        return on_truncate;
    }
}

bool is_named(Relation relation, const char* qualified) {
    const char* name = strchr(qualified, '.') + 1;
    if (strcmp(RelationGetRelationName(relation), name) != 0) {
        return false;
    }
    const char* schema = get_namespace_name(RelationGetNamespace(relation));
    const auto length = static_cast<std::size_t>(name - 1 - qualified);
    return schema != nullptr && strlen(schema) == length && strncmp(schema, qualified, length) == 0;
}

bool allows_relation(const TriggerRule& rule, Relation relation) {
    return rule.relations.empty() || std::any_of(rule.relations.begin(), rule.relations.end(),
                                                 [&](const char* each) { return is_named(relation, each); });
}

bool allows_firing(const TriggerRule& rule, const TriggerData& trigger) {
    const bool each_row = TRIGGER_FIRED_FOR_ROW(trigger.tg_event);
    const unsigned events = each_row ? rule.row_events : rule.statement_events;
    return timing_of(trigger) == rule.timing && (events & event_of(trigger)) != 0;
}

bool allows_arguments(const TriggerRule& rule, const TriggerData& trigger) {
    const Trigger& made = *trigger.tg_trigger;
    if (made.tgnargs < rule.least_arguments) {
        return false;
    }
    TupleDesc columns = RelationGetDescr(trigger.tg_relation);
    for (int i = 0; rule.arguments != TriggerArguments::words && i < made.tgnargs; ++i) {
        const int number = SPI_fnumber(columns, made.tgargs[i]);
        if (number <= 0 ||
            (rule.arguments == TriggerArguments::uuid_columns && SPI_gettypeid(columns, number) != UUIDOID)) {
            return false;
        }
    }
    return true;
}

const char* word_of(Timing timing) {
    switch (timing) {
    case Timing::before:
        return "BEFORE";
    case Timing::after:
        return "AFTER";
    case Timing::instead_of:
        break;
    }
    return "INSTEAD OF";
}

// Appends such as INSERT OR UPDATE FOR EACH ROW; nothing where there are no events.
void append_events(StringInfo words, unsigned events, bool each_row) {
    constexpr std::pair<unsigned, const char*> names[] = {
        {on_insert, "INSERT"}, {on_update, "UPDATE"}, {on_delete, "DELETE"}, {on_truncate, "TRUNCATE"}};
    const char* separator = "";
    for (const auto& [event, name] : names) {
        if ((events & event) != 0) {
            appendStringInfo(words, "%s%s", separator, name);
            separator = " OR ";
        }
    }
    if (events != 0) {
        appendStringInfoString(words, each_row ? " FOR EACH ROW" : " FOR EACH STATEMENT");
    }
}

const char* allowed_by(const TriggerRule& rule) {
    StringInfoData words;
    initStringInfo(&words);
    appendStringInfo(&words, "%s ", word_of(rule.timing));
    append_events(&words, rule.row_events, true);
    appendStringInfoString(&words, rule.row_events != 0 && rule.statement_events != 0 ? " or " : "");
    append_events(&words, rule.statement_events, false);
    const char* separator = " on ";
    for (const char* relation : rule.relations) {
        appendStringInfo(&words, "%s%s", separator, relation);
        separator = ", ";
    }
    if (rule.least_arguments > 0) {
        constexpr const char* kinds[] = {"an argument", "columns as arguments", "columns of type uuid as arguments"};
        appendStringInfo(&words, " with %s", kinds[static_cast<int>(rule.arguments)]);
    }
    return words.data;
}

const char* fired_as(const TriggerData& trigger) {
    StringInfoData words;
    initStringInfo(&words);
    appendStringInfo(&words, "%s ", word_of(timing_of(trigger)));
    append_events(&words, event_of(trigger), TRIGGER_FIRED_FOR_ROW(trigger.tg_event));
    appendStringInfo(&words, " on %s.%s", get_namespace_name(RelationGetNamespace(trigger.tg_relation)),
                     RelationGetRelationName(trigger.tg_relation));
    return words.data;
}

} // namespace

const TriggerData& checked_trigger(FunctionCallInfo fcinfo, const TriggerRule& rule) {
    if (!CALLED_AS_TRIGGER(fcinfo)) {
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("%s() is a trigger function", rule.function),
                        errdetail("It may be attached %s.", allowed_by(rule)),
                        rule.hint == nullptr ? 0 : errhint("%s", rule.hint)));
    }
    const auto& trigger = *reinterpret_cast<TriggerData*>(fcinfo->context);
    if (!allows_relation(rule, trigger.tg_relation) || !allows_firing(rule, trigger) ||
        !allows_arguments(rule, trigger)) {
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("%s() is attached where it must not be", rule.function),
                        errdetail("Trigger \"%s\" fires %s. The function may be attached %s.",
                                  trigger.tg_trigger->tgname, fired_as(trigger), allowed_by(rule)),
                        errhint("%s", rule.hint == nullptr ? "Drop the trigger." : rule.hint)));
    }
    return trigger;
}

} // namespace helix::pg
