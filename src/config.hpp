// Owns: every setting (GUC) of helix, its unit, range, default and who may set it. Anyone may read them.
#pragma once

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

// How long at least a request id is remembered, in s, from 1 min. postgresql.conf, by reload. Default 7 days.
extern int request_id_window_s;

// Whether a signed-in user may record for himself. postgresql.conf, by reload. Default on.
extern bool allow_self_recording;

// The signed-in user's uuid where no JWT claims are set; empty for none. Anyone, in the session.
extern char* user_id;

// Defines them; called once, by _PG_init.
void define();

} // namespace helix::config
