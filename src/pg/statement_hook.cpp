#include "pg/statement_hook.hpp"

#include "pg/guard.hpp"

#include <array>

namespace helix::pg {

namespace {

std::array<StatementObserver, 4> observers;
std::size_t observer_count = 0;
ProcessUtility_hook_type previous_hook = nullptr;

void process_utility(PlannedStmt* statement, const char* text, bool read_only, ProcessUtilityContext context,
                     ParamListInfo parameters, QueryEnvironment* environment, DestReceiver* destination,
                     QueryCompletion* completion) {
    enter_callback([&] {
        for (std::size_t i = 0; i < observer_count; ++i) {
            observers[i](*statement->utilityStmt, context);
        }
    });
    const auto next = previous_hook != nullptr ? previous_hook : standard_ProcessUtility;
    next(statement, text, read_only, context, parameters, environment, destination, completion);
}

} // namespace

void observe_statements(StatementObserver observer) {
    if (observer_count == 0) {
        previous_hook = ProcessUtility_hook;
        ProcessUtility_hook = process_utility;
    }
    if (observer_count == observers.size()) {
        elog(FATAL, "too many observers of statements");
    }
    observers[observer_count++] = observer;
}

} // namespace helix::pg
