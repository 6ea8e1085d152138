#include "pg/prelude.hpp"

#include "config.hpp"
#include "core/uuid.hpp"

#include <climits>

extern "C" {
#include "utils/varlena.h"
}

namespace helix::config {

char* databases = nullptr;
int fold_interval_ms = 1000;
int fold_rows = 10000;
int ledger_retention_s = 90 * SECS_PER_DAY;
int request_id_window_s = 7 * SECS_PER_DAY;
bool allow_self_recording = true;
char* user_id = nullptr;

namespace {

bool check_databases(char** value, void**, GucSource) {
    char* copy = pstrdup(*value);
    List* names = NIL;
    const bool valid = SplitIdentifierString(copy, ',', &names);
    list_free(names);
    pfree(copy);
    if (!valid) {
        GUC_check_errdetail("\"%s\" is not a list of database names.", *value);
        GUC_check_errhint("Separate names by commas and put names with capitals in double quotes.");
    }
    return valid;
}

bool check_user_id(char** value, void**, GucSource) {
    if (**value == '\0' || parse_uuid(*value)) {
        return true;
    }
    GUC_check_errdetail("\"%s\" is not a uuid.", *value);
    return false;
}

} // namespace

void define() {
    DefineCustomStringVariable("helix.databases", "Databases that get a helix worker, separated by commas.", nullptr,
                               &databases, "postgres", PGC_SIGHUP, GUC_LIST_INPUT, check_databases, nullptr, nullptr);
    DefineCustomIntVariable("helix.fold_interval", "Pause between two folds of the ledger into its rollups.",
                            "Sums are exact whatever it is; a shorter pause keeps reads faster.", &fold_interval_ms,
                            1000, 10, SECS_PER_HOUR * 1000, PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("helix.fold_rows",
                            "Executions recorded since the last fold that start the next one at once.", nullptr,
                            &fold_rows, 10000, 1, INT_MAX, PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("helix.ledger_retention",
                            "Age at which a folded month of the ledger is dropped; 0 keeps all.",
                            "The age counts from the month's end; rollups stay.", &ledger_retention_s,
                            90 * SECS_PER_DAY, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_S, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("helix.request_id_window", "How long at least a request id is remembered.", nullptr,
                            &request_id_window_s, 7 * SECS_PER_DAY, SECS_PER_MINUTE, INT_MAX, PGC_SIGHUP, GUC_UNIT_S,
                            nullptr, nullptr, nullptr);
    DefineCustomBoolVariable("helix.allow_self_recording",
                             "Whether a signed-in user may record executions for himself.",
                             "Service roles may record for anyone in any case.", &allow_self_recording, true,
                             PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
    DefineCustomStringVariable("helix.user_id", "The signed-in user's id where request.jwt.claims is not set.", nullptr,
                               &user_id, "", PGC_USERSET, 0, check_user_id, nullptr, nullptr);
    MarkGUCPrefixReserved("helix");
}

} // namespace helix::config
