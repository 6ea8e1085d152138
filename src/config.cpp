// Defines every setting, with its bounds and its check.
#include "pg/prelude.hpp"

#include "config.hpp"
#include "config_checks.hpp"

#include <climits>

namespace helix::config {

char* databases = nullptr;
int fold_interval_ms = 1000;
int fold_rows = 10000;
int ledger_retention_s = 90 * SECS_PER_DAY;
int usage_minutes_retention_s = SECS_PER_DAY;
int usage_quarters_retention_s = 400 * SECS_PER_DAY;
int close_delay_s = SECS_PER_MINUTE;
int request_id_window_s = 7 * SECS_PER_DAY;
int execution_retention_s = 90 * SECS_PER_DAY;
int cron_run_retention_s = 7 * SECS_PER_DAY;
int preference_log_retention_s = 365 * SECS_PER_DAY;
int budget_warning_retention_s = 365 * SECS_PER_DAY;
int secret_audit_retention_s = 365 * SECS_PER_DAY;
int executors = 2;
int handler_timeout_s = 5 * SECS_PER_MINUTE;
bool queue_paused = false;
AfterRestore after_restore = AfterRestore::pause;
int max_schedules_per_user = 100;
int max_queued_per_user = 10'000;
int max_running_per_user = 0;
int max_running_per_key = 1;
int min_schedule_interval_s = 5;
int max_user_priority = 5;
int max_payload_size = 1024 * 1024;
int max_batch_dependencies = 10'000;
int occurred_at_ahead_s = SECS_PER_DAY;
char* dimensions = nullptr;
int date_ahead = 1;
int max_budgets_per_user = 1000;
int max_preferences_per_user = 1000;
int max_groups_per_user = 100;
int max_reservations_per_user = 1000;
int request_id_conflict = static_cast<int>(RequestIdConflict::error);
int unknown_model = static_cast<int>(UnknownModel::record);
bool allow_self_recording = true;
char* user_id = nullptr;
char* redis_url = nullptr;
char* redis_ca_file = nullptr;
char* redis_password_ref = nullptr;
int redis_connect_timeout_ms = 200;
int redis_command_timeout_ms = 50;
int cache_lease_ms = 2000;
int cache_repeat_delay_ms = 500;
int cache_fill_wait_ms = 10'000;
int cache_ring_size_kb = 4096;
char* cache_keys = nullptr;
int cache_preferences_ttl_s = 15 * SECS_PER_MINUTE;
int cache_theme_ttl_s = SECS_PER_HOUR;
int cache_analytics_ttl_s = 5 * SECS_PER_MINUTE;
int cache_recommendations_ttl_s = SECS_PER_HOUR;
int webhook_body_limit = 1024 * 1024;
int webhook_event_retention_s = 90 * SECS_PER_DAY;
int webhook_unverified_rate = 60;
char* secret_folder = nullptr;
char* secret_env_prefix = nullptr;
char* user_secrets = nullptr;
char* onepassword_connect_url = nullptr;
char* onepassword_cli = nullptr;
char* onepassword_default_vault = nullptr;
char* onepassword_token_ref = nullptr;
int secret_cache_ttl_s = 5 * SECS_PER_MINUTE;
int secret_grace_s = SECS_PER_HOUR;
int secret_timeout_ms = 2000;
char* jwt_secret_ref = nullptr;
char* jwks_ref = nullptr;
char* edge_listen = nullptr;
char* edge_database = nullptr;
char* edge_program = nullptr;
char* edge_options = nullptr;

namespace {

constexpr config_enum_entry after_restore_words[] = {{"pause", static_cast<int>(AfterRestore::pause), false},
                                                     {"run", static_cast<int>(AfterRestore::run), false},
                                                     {nullptr, 0, false}};

constexpr int day_s = SECS_PER_DAY;
constexpr int hour_s = SECS_PER_HOUR;
constexpr int mib = 1024 * 1024;
constexpr int most_rows = 1'000'000; // that a setting may allow a user

struct IntSetting { // its default is the variable's first value
    const char* name;
    const char* description;
    const char* more; // of the description; may be null
    int* variable;
    int smallest;
    int largest;
    int unit; // GUC_UNIT_*; 0: none
    GucContext who = PGC_SIGHUP;
};

constexpr IntSetting int_settings[] = {
    // the ledger
    {"helix.fold_interval", "Pause between two folds of the ledger into its rollups.",
     "Sums are exact whatever it is; a shorter pause keeps reads faster.", &fold_interval_ms, 10, hour_s * 1000,
     GUC_UNIT_MS},
    {"helix.fold_rows", "Executions recorded since the last fold that start the next one at once.", nullptr, &fold_rows,
     1, INT_MAX, 0},
    {"helix.ledger_retention", "Age at which a folded month of the ledger is dropped; 0 keeps all.",
     "The age counts from the month's end; rollups stay.", &ledger_retention_s, 0, INT_MAX, GUC_UNIT_S},
    {"helix.usage_minutes_retention", "How long at least sums by minute are kept.",
     "They are kept twice as long at most.", &usage_minutes_retention_s, hour_s, 365 * day_s, GUC_UNIT_S},
    {"helix.usage_quarters_retention", "How long sums by quarter of an hour are kept.",
     "Sums by day stay. Budgets need quarters for 41 days.", &usage_quarters_retention_s, 41 * day_s, INT_MAX,
     GUC_UNIT_S},
    {"helix.close_delay", "How long after its end a minute or quarter of an hour is added to the next level.",
     "Sums are exact whatever it is; what comes later than that costs more.", &close_delay_s, 0, hour_s, GUC_UNIT_S},
    {"helix.request_id_window", "How long at least a request id is remembered.", nullptr, &request_id_window_s,
     SECS_PER_MINUTE, INT_MAX, GUC_UNIT_S},
    {"helix.occurred_at_ahead", "How far in the future an execution may have occurred.",
     "Later ones are refused: their cost would not count yet.", &occurred_at_ahead_s, 0, 365 * day_s, GUC_UNIT_S},
    {"helix.date_ahead", "How many days after today the day may lie that an execution counts for.",
     "Later ones are refused: nothing could remove them.", &date_ahead, 0, 3'000'000, 0, PGC_SUSET},

    // the queue and schedules
    {"helix.execution_retention", "How long finished executions and batches are kept; 0 keeps all.", nullptr,
     &execution_retention_s, 0, INT_MAX, GUC_UNIT_S},
    {"helix.cron_run_retention", "How long pg_cron's runs of helix's jobs are kept; 0 keeps all.",
     "Runs of other jobs are left alone.", &cron_run_retention_s, 0, INT_MAX, GUC_UNIT_S},
    {"helix.executors", "Processes per database that run operations with a handler; 0: none.", nullptr, &executors, 0,
     64, 0},
    {"helix.handler_timeout", "How long a handler may run.", nullptr, &handler_timeout_s, 1, hour_s, GUC_UNIT_S},
    {"helix.max_schedules_per_user", "How many schedules a user may have; 0: any number.", nullptr,
     &max_schedules_per_user, 0, INT_MAX, 0, PGC_SUSET},
    {"helix.max_queued_per_user", "How many executions of a user may wait or run; 0: any number.", nullptr,
     &max_queued_per_user, 0, INT_MAX, 0, PGC_SUSET},
    {"helix.max_running_per_user", "How many executions of a user may run at once; 0: any number.",
     "Others wait until one of them ends.", &max_running_per_user, 0, 1'000'000, 0, PGC_SUSET},
    {"helix.max_running_per_key", "How many executions of a user with the same p_concurrency_key may run at once.",
     "Others wait until one of them ends.", &max_running_per_key, 1, 1'000'000, 0, PGC_SUSET},
    {"helix.min_schedule_interval", "The shortest time between two runs that a user may schedule.", nullptr,
     &min_schedule_interval_s, 1, day_s, GUC_UNIT_S, PGC_SUSET},
    {"helix.max_user_priority", "The highest priority that a user may give.", nullptr, &max_user_priority, 1, 10, 0,
     PGC_SUSET},
    {"helix.max_payload_size", "Largest payload of an execution.", nullptr, &max_payload_size, 1024, 64 * mib,
     GUC_UNIT_BYTE, PGC_SUSET},
    {"helix.max_batch_dependencies", "How many dependencies a batch may have in all.", nullptr, &max_batch_dependencies,
     0, 999'000, 0, PGC_SUSET},

    // logs
    {"helix.preference_log_retention", "How long changes of preferences are kept; 0 keeps all.", nullptr,
     &preference_log_retention_s, 0, INT_MAX, GUC_UNIT_S},
    {"helix.budget_warning_retention", "How long warnings of budgets are kept; 0 keeps all.",
     "One whose period may not be over yet is kept in any case.", &budget_warning_retention_s, 0, INT_MAX, GUC_UNIT_S},
    {"helix.secret_audit_retention", "How long changes of webhooks' secrets are kept; 0 keeps all.", nullptr,
     &secret_audit_retention_s, 0, INT_MAX, GUC_UNIT_S},

    // rows of a user
    {"helix.max_budgets_per_user", "Rows of helix.budgets that one user may have.", nullptr, &max_budgets_per_user, 1,
     most_rows, 0},
    {"helix.max_preferences_per_user", "Rows of helix.user_operation_preferences that one user may have.", nullptr,
     &max_preferences_per_user, 1, most_rows, 0},
    {"helix.max_groups_per_user", "Groups that one user may be a member of.", nullptr, &max_groups_per_user, 1,
     most_rows, 0},
    {"helix.max_reservations_per_user", "Open reservations that one user may have.", nullptr,
     &max_reservations_per_user, 1, most_rows, 0},

    // the cache
    {"helix.cache_ring_size", "Shared memory for commits on their way to Redis.",
     "Where it is full, everything is invalidated.", &cache_ring_size_kb, 64, 1024 * 1024, GUC_UNIT_KB, PGC_POSTMASTER},
    {"helix.redis_connect_timeout", "How long a session waits for a connection to Redis.", nullptr,
     &redis_connect_timeout_ms, 1, 10'000, GUC_UNIT_MS},
    {"helix.redis_command_timeout", "How long a session waits for an answer from Redis.", nullptr,
     &redis_command_timeout_ms, 1, 10'000, GUC_UNIT_MS},
    {"helix.cache_lease", "Time after which no read through the cache misses a commit.", nullptr, &cache_lease_ms, 200,
     60'000, GUC_UNIT_MS},
    {"helix.cache_repeat_delay", "Pause before keys are removed a second time; 0: they are not.", nullptr,
     &cache_repeat_delay_ms, 0, 60'000, GUC_UNIT_MS},
    {"helix.cache_fill_wait", "How long a reader waits at most for another that computes the same value.",
     "0: each reader computes it.", &cache_fill_wait_ms, 0, hour_s * 1000, GUC_UNIT_MS},
    {"helix.cache_preferences_ttl", "How long preferences stay in the cache at most.", nullptr,
     &cache_preferences_ttl_s, 1, day_s, GUC_UNIT_S},
    {"helix.cache_theme_ttl", "How long theme preferences stay in the cache at most.", nullptr, &cache_theme_ttl_s, 1,
     day_s, GUC_UNIT_S},
    {"helix.cache_analytics_ttl", "How long sums and trends stay in the cache at most.", nullptr,
     &cache_analytics_ttl_s, 1, day_s, GUC_UNIT_S},
    {"helix.cache_recommendations_ttl", "How long recommendations stay in the cache at most.", nullptr,
     &cache_recommendations_ttl_s, 1, day_s, GUC_UNIT_S},

    // webhooks and secrets
    {"helix.webhook_body_limit", "Largest body of a webhook.", nullptr, &webhook_body_limit, 1024, 16 * mib,
     GUC_UNIT_BYTE},
    {"helix.webhook_event_retention", "How long events of webhooks are kept; 0 keeps all.",
     "What has been delivered is known for good.", &webhook_event_retention_s, 0, INT_MAX, GUC_UNIT_S},
    {"helix.webhook_unverified_rate", "Calls in a minute that a webhook may get that do not verify.",
     "All unknown webhooks together count as one.", &webhook_unverified_rate, 1, 1'000'000, 0},
    {"helix.secret_cache_ttl", "How long an op:// secret is used without asking again.", nullptr, &secret_cache_ttl_s,
     1, day_s, GUC_UNIT_S},
    {"helix.secret_grace", "How much longer an op:// secret is used while 1Password is not reached.", nullptr,
     &secret_grace_s, 0, 7 * day_s, GUC_UNIT_S},
    {"helix.secret_timeout", "How long a session waits for an op:// secret.", nullptr, &secret_timeout_ms, 1, 60'000,
     GUC_UNIT_MS},
};

struct StringSetting {
    const char* name;
    const char* description;
    const char* more; // of the description; may be null
    char** variable;
    const char* initial;
    GucStringCheckHook check; // null: any text
    int flags = 0;
    GucContext who = PGC_SIGHUP;
};

constexpr StringSetting string_settings[] = {
    {"helix.databases", "Databases that get a helix worker, separated by commas.", nullptr, &databases, "postgres",
     check_databases, GUC_LIST_INPUT},
    {"helix.user_id", "The signed-in user's id where request.jwt.claims is not set.", nullptr, &user_id, "",
     check_user_id, 0, PGC_USERSET},
    {"helix.dimensions", "Keys of the metadata that have sums by day, separated by commas.",
     "helix.forget_dimension() ends one that is no longer named.", &dimensions, "", check_dimensions},
    {"helix.redis_url",
     "Where the application's Redis is; empty: where the environment's REDIS_URL says; off: no cache.",
     "redis://[user@]host:port/db, rediss://[user@]host:port/db or unix:///path?db=n; no password.", &redis_url, "",
     check_redis_url},
    {"helix.redis_ca_file", "The certificates that vouch for a rediss:// server; empty: the system's.", nullptr,
     &redis_ca_file, "", check_absolute_path, GUC_SUPERUSER_ONLY},
    {"helix.redis_password_ref", "What holds Redis's password: file:///path or env://NAME.", nullptr,
     &redis_password_ref, "", check_password_ref, GUC_SUPERUSER_ONLY},
    {"helix.cache_keys", "The keys that helix owns in Redis, as patterns.",
     "They are removed where it is not known which of them are stale.", &cache_keys,
     "op_prefs:*, op_pref:*, theme_prefs:*, cost_trends:*, op_metrics:*, all_op_metrics:*, dashboard:*, "
     "recommendations:*",
     nullptr},
    {"helix.secret_folder", "The folder that file:/// secrets come from; empty: none.", nullptr, &secret_folder, "",
     check_absolute_path, GUC_SUPERUSER_ONLY},
    {"helix.secret_env_prefix", "How the names of env:// secrets begin; empty: none.",
     "The variables are those that the server was started with.", &secret_env_prefix, "HELIX_SECRET_", nullptr,
     GUC_SUPERUSER_ONLY},
    {"helix.user_secrets",
     "Patterns of the references to secrets that users may name, separated by commas; empty: all.",
     "* stands for any characters, {user} for the user's id.", &user_secrets, "", nullptr, GUC_SUPERUSER_ONLY},
    {"helix.onepassword_connect_url", "Where the 1Password Connect server is; empty: none.",
     "https://host:port, or http to this machine.", &onepassword_connect_url, "", check_onepassword_url,
     GUC_SUPERUSER_ONLY},
    {"helix.onepassword_cli", "Path of 1Password's op command, where there is no Connect server.", nullptr,
     &onepassword_cli, "", check_absolute_path, GUC_SUPERUSER_ONLY},
    {"helix.onepassword_default_vault", "The vault of secrets that are named by their item alone; empty: none.",
     "A plain name then means op://vault/name/password.", &onepassword_default_vault, "", check_default_vault,
     GUC_SUPERUSER_ONLY},
    {"helix.onepassword_token_ref", "What holds 1Password's token: file:///path or env://NAME.", nullptr,
     &onepassword_token_ref, "", check_token_ref, GUC_SUPERUSER_ONLY},

    // the edge
    {"helix.jwt_secret_ref", "What holds the secret of tokens that are signed by HS256; empty: none is valid.",
     "file:///path, env://NAME, vault://name or op://vault/item/field.", &jwt_secret_ref, "", check_jwt_secret_ref,
     GUC_SUPERUSER_ONLY},
    {"helix.jwks_ref", "What holds the public keys of tokens that are signed by RS256 or ES256; empty: none is valid.",
     "The https:// address of a JSON Web Key Set, or a reference as for secrets.", &jwks_ref, "", check_jwks_ref,
     GUC_SUPERUSER_ONLY},
    {"helix.edge_listen", "Where the helix-edge that this server starts listens; empty: it starts none.",
     "127.0.0.1:8080, [::1]:8080 or unix:///path of a socket.", &edge_listen, "", check_edge_listen,
     GUC_SUPERUSER_ONLY},
    {"helix.edge_database", "The database that this server's helix-edge serves.", nullptr, &edge_database, "postgres",
     nullptr},
    {"helix.edge_program", "Path of helix-edge; empty: beside PostgreSQL's programs.", nullptr, &edge_program, "",
     check_absolute_path, GUC_SUPERUSER_ONLY},
    {"helix.edge_options", "Further arguments of helix-edge, separated by blanks.", nullptr, &edge_options, "", nullptr,
     GUC_SUPERUSER_ONLY},
};

} // namespace

std::vector<std::string> list_of(const char* value) {
    std::vector<std::string> parts;
    std::string_view rest = value;
    while (!rest.empty()) {
        const auto comma = std::min(rest.find(','), rest.size());
        auto part = rest.substr(0, comma);
        part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
        part = part.substr(0, part.find_last_not_of(' ') + 1);
        if (!part.empty()) {
            parts.emplace_back(part);
        }
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return parts;
}

constexpr config_enum_entry request_id_conflicts[] = {{"error", static_cast<int>(RequestIdConflict::error), false},
                                                      {"ignore", static_cast<int>(RequestIdConflict::ignore), false},
                                                      {nullptr, 0, false}};
constexpr config_enum_entry unknown_models[] = {{"record", static_cast<int>(UnknownModel::record), false},
                                                {"refuse", static_cast<int>(UnknownModel::refuse), false},
                                                {nullptr, 0, false}};

void define() {
    for (const auto& setting : int_settings) {
        DefineCustomIntVariable(setting.name, setting.description, setting.more, setting.variable, *setting.variable,
                                setting.smallest, setting.largest, setting.who, setting.unit, nullptr, nullptr,
                                nullptr);
    }
    for (const auto& setting : string_settings) {
        DefineCustomStringVariable(setting.name, setting.description, setting.more, setting.variable, setting.initial,
                                   setting.who, setting.flags, setting.check, nullptr, nullptr);
    }
    DefineCustomBoolVariable("helix.allow_self_recording",
                             "Whether a signed-in user may record executions for themselves.",
                             "Service roles may record for anyone in any case.", &allow_self_recording,
                             allow_self_recording, PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
    DefineCustomEnumVariable("helix.unknown_model", "What becomes of usage whose model has no price: record or refuse.",
                             "What is recorded costs 0 until a price exists.", &unknown_model, unknown_model,
                             unknown_models, PGC_SUSET, 0, nullptr, nullptr, nullptr);
    DefineCustomEnumVariable("helix.request_id_conflict",
                             "What a request id means that comes again with another content: error or ignore.",
                             "Where it is ignored, the first execution's id is returned.", &request_id_conflict,
                             request_id_conflict, request_id_conflicts, PGC_SUSET, 0, nullptr, nullptr, nullptr);
    DefineCustomBoolVariable("helix.queue_paused", "Whether nothing of the queue starts.",
                             "For copies of a server that nothing inside can tell from the original.", &queue_paused,
                             queue_paused, PGC_SUSET, 0, nullptr, nullptr, nullptr);
    static int after_restore_word = static_cast<int>(after_restore);
    DefineCustomEnumVariable(
        "helix.after_restore", "What becomes of the queue and the schedules of a restored dump.",
        "pause: they start with helix.resume_queue(). run: they go on at once.", &after_restore_word,
        after_restore_word, after_restore_words, PGC_SUSET, 0, nullptr,
        [](int word, void*) { after_restore = static_cast<AfterRestore>(word); }, nullptr);
    MarkGUCPrefixReserved("helix");
}

} // namespace helix::config
