// What writers and readers share: see workload.hpp.
#include "workload.hpp"

#include "session.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace coherence {

std::atomic<bool> stopping{false};

namespace {

constexpr const char* make_tables = R"(
CREATE SCHEMA IF NOT EXISTS coherence;
CREATE TABLE IF NOT EXISTS coherence.values (user_id uuid PRIMARY KEY, version bigint NOT NULL, changed_at timestamptz)
  WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS coherence.by_hand (LIKE coherence.values INCLUDING ALL);
)";

constexpr const char* register_table = R"(
SELECT helix.invalidate_on_change('coherence.values', 'recommendations:{user_id}', 'cost_trends:{user_id}:*')
 WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'coherence.values'::regclass)
)";

std::string users_of(Source source, int keys) {
    return "SELECT k, ('" + std::string(user_prefix[source]) +
           "' || lpad(k::text, 12, '0'))::uuid AS user_id FROM generate_series(0, " + std::to_string(keys - 1) + ") k";
}

// The version of each key of a source, in the order of the keys.
std::string versions_of(Source source, int keys) {
    const char* version = source == registered ? "(SELECT version FROM coherence.values v WHERE v.user_id = u.user_id)"
                          : source == by_hand  ? "(SELECT version FROM coherence.by_hand v WHERE v.user_id = u.user_id)"
                                              : "(SELECT count(*) FROM helix.executions e WHERE e.user_id = u.user_id)";
    return "SELECT " + std::string(version) + " FROM (" + users_of(source, keys) + ") u ORDER BY u.k";
}

} // namespace

Micros now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

std::string clock_text(Micros at) {
    const std::time_t seconds = at / 1000000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    std::snprintf(text, sizeof text, "%02d:%02d:%02d.%03d", parts.tm_hour, parts.tm_min, parts.tm_sec,
                  static_cast<int>(at / 1000 % 1000));
    return text;
}

void raise_to(std::atomic<Micros>& maximum, Micros value) {
    for (Micros seen = maximum; seen < value && !maximum.compare_exchange_weak(seen, value);) {
    }
}

void Findings::note(const std::string& topic, const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (topics_.size() < 10 && topics_.insert(topic).second) {
        std::printf("%s\n", line.c_str());
        std::fflush(stdout);
    }
}

Run::Run(Options given) : options(std::move(given)) {
    for (auto& keys : histories) {
        keys.resize(static_cast<std::size_t>(options.keys));
    }
}

void set_up(Run& run) {
    Session session(run.options.conninfo, "coherence_setup");
    if (!session.ready()) {
        throw std::runtime_error("no connection");
    }
    session.run("SET client_min_messages = warning");
    session.run(make_tables);
    session.run(register_table);
    run.has_recordings = session.run("SELECT to_regclass('helix.executions') IS NOT NULL").text(0, 0)[0] == 't';
    for (const Source source : {registered, by_hand, recorded}) {
        if (source == recorded && !run.has_recordings) {
            continue;
        }
        if (source != recorded) {
            session.run("INSERT INTO coherence." + std::string(source == registered ? "values" : "by_hand") +
                        " SELECT user_id, 1, now() FROM (" + users_of(source, run.options.keys) +
                        ") u ON CONFLICT DO NOTHING");
        }
        const Rows rows = session.run(versions_of(source, run.options.keys));
        for (int key = 0; key < rows.count(); ++key) {
            run.histories[source][static_cast<std::size_t>(key)].acknowledge(now(), rows.number(key, 0));
        }
    }
}

} // namespace coherence
