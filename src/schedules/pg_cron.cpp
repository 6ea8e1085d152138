// Creates, finds and removes helix's jobs in cron.job.
#include "pg/prelude.hpp"

#include "schedules/pg_cron.hpp"

#include "pg/kept_rows.hpp"
#include "pg/spi.hpp"

#include <cstring>

extern "C" {
#include "commands/dbcommands.h"
#include "commands/extension.h"
}

namespace helix::schedules {

namespace {

constexpr const char* prefix = "helix_";

pg::Statement select_foreign(R"(
    SELECT username
      FROM cron.job
     WHERE jobname = $1
       AND (username <> CURRENT_USER OR command NOT LIKE 'SELECT helix_internal.run_job(%'))",
                             {TEXTOID});

pg::Statement select_live(R"(
    SELECT FROM cron.job
     WHERE jobname = $1 AND active AND username = CURRENT_USER
       AND command LIKE 'SELECT helix_internal.run_job(%')",
                          {TEXTOID});

pg::Statement schedule("SELECT cron.schedule($1, $2, $3)", {TEXTOID, TEXTOID, TEXTOID});

pg::Statement unschedule(R"(
    SELECT cron.unschedule(jobid)
      FROM cron.job
     WHERE jobname = $1 AND username = CURRENT_USER
       AND command LIKE 'SELECT helix_internal.run_job(%')",
                         {TEXTOID});

pg::Statement unschedule_all(R"(
    SELECT cron.unschedule(jobid)
      FROM cron.job
     WHERE username = CURRENT_USER AND database = pg_catalog.current_database()
       AND command LIKE 'SELECT helix_internal.run_job(%')");

pg::Statement activate(R"(
    UPDATE cron.job
       SET active = true
     WHERE jobname = $1 AND username = CURRENT_USER AND NOT active)",
                       {TEXTOID});

} // namespace

bool has_pg_cron() {
    return OidIsValid(get_extension_oid("pg_cron", true));
}

void require_pg_cron() {
    if (!has_pg_cron()) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("pg_cron is not in this database"),
                        errdetail("Schedules of type cron need it; everything else works without."),
                        errhint("Install pg_cron (Debian: postgresql-15-cron), set shared_preload_libraries = "
                                "'pg_cron,helix' and cron.database_name = '%s', restart, and run CREATE EXTENSION "
                                "pg_cron.",
                                get_database_name(MyDatabaseId))));
    }
}

const char* cron_name(const char* job_name) {
    return strncmp(job_name, prefix, strlen(prefix)) == 0 ? job_name : psprintf("%s%s", prefix, job_name);
}

void put_job(const char* job_name, const char* expression) {
    const char* name = cron_name(job_name);
    const Datum named = CStringGetTextDatum(name);
    if (const auto foreign = pg::keep_rows(select_foreign.execute(&named)); foreign.count > 0) {
        ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT), errmsg("pg_cron has a job \"%s\" that is not helix's", name),
                        errdetail("It belongs to role \"%s\".", foreign[0].only_text()),
                        errhint("Choose another name, or remove that job with cron.unschedule().")));
    }
    const char* command = psprintf("SELECT helix_internal.run_job(%s)", quote_literal_cstr(job_name));
    const Datum values[] = {named, CStringGetTextDatum(expression), CStringGetTextDatum(command)};
    schedule.execute(values);
    activate.execute(&named); // somebody may have switched it off
}

bool remove_job(const char* job_name) {
    const Datum name = CStringGetTextDatum(cron_name(job_name));
    return unschedule.execute(&name) > 0;
}

void remove_all_jobs() {
    unschedule_all.execute();
}

bool job_is_live(const char* job_name) {
    const Datum name = CStringGetTextDatum(cron_name(job_name));
    return select_live.read(&name) > 0;
}

} // namespace helix::schedules
