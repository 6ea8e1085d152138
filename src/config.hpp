// Owns: every setting (GUC) of helix, its unit, range, default and who may set it. Anyone may read them.
#pragma once

#include <string>
#include <vector>

namespace helix::config {

// Comma-separated databases that get a worker. postgresql.conf, by reload. Default "postgres".
extern char* databases;

// Pause between two folds in ms, 10 ms to 1 h. postgresql.conf, by reload. Default 1 s.
extern int fold_interval_ms;

// Executions recorded since the last fold that start the next one at once. postgresql.conf, by reload. Default 10,000.
extern int fold_rows;

// Age in s at which a folded month of the ledger is dropped, counted from its end; 0 keeps all. postgresql.conf, by
// reload. Default 90 days.
extern int ledger_retention_s;

// How long at least sums by minute are kept, in s, from 1 h. postgresql.conf, by reload. Default 1 day.
extern int usage_minutes_retention_s;

// How long sums by quarter of an hour are kept, in s, from 41 days. postgresql.conf, by reload. Default 400 days.
extern int usage_quarters_retention_s;

// How long after its end a minute or quarter is added to the next level, in s. postgresql.conf, by reload. Default
// 1 min.
extern int close_delay_s;

// How long at least a request id is remembered, in s, from 1 min. postgresql.conf, by reload. Default 7 days.
extern int request_id_window_s;

// How long finished executions of the queue are kept, in s; 0 keeps all. postgresql.conf, by reload. Default 90 days.
extern int execution_retention_s;
extern int cron_run_retention_s;
extern int preference_log_retention_s;
extern int budget_warning_retention_s;
extern int secret_audit_retention_s;

// Processes per database that run operations with a handler; 0: none. postgresql.conf, by reload. Default 2.
extern int executors;

// How long a handler may run, in s. postgresql.conf, by reload. Default 5 min.
extern int handler_timeout_s;

// Whether nothing of the queue starts. By a superuser. Default off.
extern bool queue_paused;

// What becomes of the queue and the schedules that a dump brings. By a superuser. Default pause.
enum class AfterRestore : int { pause, run };
extern AfterRestore after_restore;

// How many of these one user may have; 0: any number. postgresql.conf, by reload.
extern int max_schedules_per_user; // default 100
extern int max_queued_per_user;    // executions that wait or run; default 10,000
extern int max_running_per_user;   // executions; default 0

// How many executions of a user with the same concurrency key run at once. postgresql.conf, by reload. Default 1.
extern int max_running_per_key;

// What a user may ask for without a service role. postgresql.conf, by reload.
extern int min_schedule_interval_s; // between two runs of a schedule by cron; default 5 s
extern int max_user_priority;       // default 5

// What an execution and a batch may have. postgresql.conf, by reload.
extern int max_payload_size;       // bytes of a payload, and of the parameters of a batch's operation; default 1 MB
extern int max_batch_dependencies; // of a batch in all; default 10,000

// Keys of the metadata that have sums by day, separated by commas. postgresql.conf, by reload. Default: none.
extern char* dimensions;
inline constexpr std::size_t most_dimensions = 16;
inline constexpr std::size_t longest_dimension = 63; // bytes

// How far in the future an execution may have occurred, in s. postgresql.conf, by reload. Default 1 day.
extern int occurred_at_ahead_s;

// How many days after the current UTC day the day may lie that an execution counts for. A superuser, in the session
// too. Default 1.
extern int date_ahead;

// How many rows one user may have. postgresql.conf, by reload. Owners of helix are not bound by them.
extern int max_budgets_per_user;      // default 1,000
extern int max_preferences_per_user;  // default 1,000
extern int max_groups_per_user;       // default 100
extern int max_reservations_per_user; // open ones, but for the queue's; default 1,000

// What becomes of usage whose model, tier or type has no price. A superuser, in the session too. Default record.
enum class UnknownModel : int { record, refuse };
extern int unknown_model;

// What a request id means that comes again with another content. A superuser, in the session too. Default error.
enum class RequestIdConflict : int { error, ignore };
extern int request_id_conflict;

// Whether a signed-in user may record for themselves. postgresql.conf, by reload. Default on.
extern bool allow_self_recording;

// The signed-in user's uuid where no JWT claims are set; empty for none. Anyone, in the session.
extern char* user_id;

// Where Redis is: redis://[user@]host:port/db, rediss://… or unix:///path?db=n. Empty: where the environment's
// REDIS_URL says; redis_off: no cache. postgresql.conf, by reload.
extern char* redis_url;
inline constexpr const char* redis_off = "off";

// The certificates that vouch for a rediss:// server, as a file's path; empty: the system's. postgresql.conf, by
// reload.
extern char* redis_ca_file;

// What holds Redis's password: file:///path or env://NAME; empty: none. postgresql.conf, by reload.
extern char* redis_password_ref;

// How long a session waits for a connection to Redis, and for an answer, in ms. postgresql.conf, by reload.
extern int redis_connect_timeout_ms; // default 200
extern int redis_command_timeout_ms; // default 50

// Time in ms after which no read through the cache misses a commit. postgresql.conf, by reload. Default 2 s.
extern int cache_lease_ms;

// Pause in ms before keys are removed once more, for clients that set them blindly; 0: no removal is repeated. By
// reload.
extern int cache_repeat_delay_ms;

// How long in ms a reader waits at most for another one that computes the same value; 0: each computes it. By reload.
// Default 10 s.
extern int cache_fill_wait_ms;

// Shared memory in kB for commits on their way to the invalidator. At start. Default 4 MB.
extern int cache_ring_size_kb;

// The keys that helix owns in Redis, as patterns separated by commas. postgresql.conf, by reload.
extern char* cache_keys;

// How long in s what is read through the cache stays there at most. postgresql.conf, by reload.
extern int cache_preferences_ttl_s;     // default 15 min
extern int cache_theme_ttl_s;           // default 1 h
extern int cache_analytics_ttl_s;       // default 5 min
extern int cache_recommendations_ttl_s; // default 1 h

// Largest body of a webhook, in bytes. postgresql.conf, by reload. Default 1 MB.
extern int webhook_body_limit;

// How long events of webhooks are kept, in s; 0 keeps all. postgresql.conf, by reload. Default 90 days.
extern int webhook_event_retention_s;

// Calls in a minute that do not verify: so many may come to a schedule's webhook, and to all unknown ones together. By
// reload. Default 60.
extern int webhook_unverified_rate;

// The folder that file:/// secrets come from, and how the names of env:// secrets begin. Empty: there are none. By
// reload.
extern char* secret_folder;
extern char* secret_env_prefix; // default HELIX_SECRET_

// Patterns of the references that users may name, separated by commas; {user} stands for their id. Empty: all. By
// reload.
extern char* user_secrets;

// How op:// secrets are resolved. By reload.
extern char* onepassword_connect_url;   // the address of a 1Password Connect server
extern char* onepassword_cli;           // where there is no such server: the op command's absolute path
extern char* onepassword_default_vault; // where a secret is that is named without a vault; empty: nowhere
extern char* onepassword_token_ref;     // what holds the token: file:///path or env://NAME

// How long in s an op:// secret is used without asking again, and how much longer through an outage. By reload.
extern int secret_cache_ttl_s; // default 5 min
extern int secret_grace_s;     // default 1 h

// How long in ms a session waits for an op:// secret. By reload. Default 2 s.
extern int secret_timeout_ms;

// What tokens are verified by: a secret (HS256), and public keys (RS256, ES256), by reference; empty: none. By reload.
extern char* jwt_secret_ref;
extern char* jwks_ref; // or the https:// address of a JSON Web Key Set

// The helix-edge that the server starts. By reload.
extern char* edge_listen;   // 127.0.0.1:8080, [::1]:8080 or unix:///path; empty: none is started
extern char* edge_database; // that it serves; default postgres
extern char* edge_program;  // an absolute path; empty: beside PostgreSQL's programs
extern char* edge_options;  // further arguments, separated by blanks

// The parts of a list that is separated by commas, without the blanks around them.
std::vector<std::string> list_of(const char* value);

// Defines them; called once, by _PG_init.
void define();

} // namespace helix::config
