// Readers: many reads in one statement, each checked against what had been acknowledged before it started.
#include "session.hpp"
#include "workload.hpp"

#include <chrono>
#include <cstdlib>
#include <random>
#include <set>
#include <thread>

namespace coherence {

namespace {

const std::string aside = "aside";

// A way to read: SQL of the key of the user u, and of the version read by that key.
struct Way {
    std::string name;
    int weight, rows;
    Source source;
    std::string key, version;
};

std::string fetch(const std::string& table, int ttl_seconds) {
    return "helix.cache_get_or_fetch(key, format('SELECT to_jsonb(version) FROM " + table +
           " WHERE user_id = %L', u), " + std::to_string(ttl_seconds) + ")";
}

const std::vector<Way>& ways() {
    static const std::vector<Way> all{
        {"plain", 40, 200, registered, "'recommendations:' || u", fetch("coherence.values", 60)},
        {"pattern", 20, 200, registered, "'cost_trends:' || u || ':x30'", fetch("coherence.values", 60)},
        {"short", 5, 100, registered, "'cost_trends:' || u || ':x7'", fetch("coherence.values", 1)},
        {"by_hand", 15, 200, by_hand, "'theme_prefs:' || u || ':dark'", fetch("coherence.by_hand", 60)},
        // the snapshot is old by the time that this is filled
        {"slow", 1, 1, registered, "'recommendations:' || u", fetch("pg_sleep(0.3 * random()), coherence.values", 60)},
        {aside, 14, 100, registered, "'recommendations:' || u", "helix.cache_get(key)"},
        {"recorded", 5, 50, recorded, "'cost_trends:' || u || ':30'",
         "(SELECT coalesce(sum((day ->> 'total_operations')::bigint), 0) "
         "FROM jsonb_array_elements(helix.cache_read(key)) day)"},
    };
    return all;
}

// The clock is read in a subquery that OFFSET 0 keeps apart, row by row: always before that row asks the cache.
std::string batch_sql(const Way& way) {
    return "SELECT (extract(epoch FROM started) * 1000000)::bigint, k, " + way.version +
           " FROM (SELECT clock_timestamp() AS started, k, u, " + way.key + " AS key FROM (SELECT k, '" +
           user_prefix[way.source] + "' || lpad(k::text, 12, '0') AS u FROM unnest($1::int[]) k) users OFFSET 0) reads";
}

class Reader {
  public:
    Reader(Run& run, int number)
        : run_(run), session_(run.options.conninfo, "coherence_reader"), random_(2000 + number) {}

    bool ready() { return session_.ready(); }
    void start_over() { session_.disconnect(); }

    void step() {
        const Way& way = pick_way();
        if (pick(200) == 0) {
            return read_from_old_snapshot(way);
        }
        const Micros before = now();
        const Rows rows = session_.run_prepared(way.name, batch_sql(way), {random_keys(way.rows)});
        if (way.rows > 1) {
            note_slowness((now() - before) / way.rows);
        }
        std::set<int> missed;
        for (int row = 0; row < rows.count(); ++row) {
            const int key = static_cast<int>(rows.number(row, 1));
            if (rows.is_null(row, 2) && way.name == aside) {
                missed.insert(key);
            } else {
                check(way, key, rows.number(row, 0), rows.text(row, 2));
            }
        }
        for (const int key : missed) {
            fill(key); // once: what cache_set stores is as old as the last cache_get that missed
        }
    }

  private:
    int pick(int count) { return std::uniform_int_distribution<>(0, count - 1)(random_); }

    const Way& pick_way() {
        for (;;) {
            int left = pick(100);
            for (const Way& way : ways()) {
                left -= way.weight;
                if (left < 0 && (way.source != recorded || run_.has_recordings)) {
                    return way;
                }
            }
        }
    }

    std::string random_keys(int count) {
        std::string keys = "{";
        for (int i = 0; i < count; ++i) {
            keys += (i == 0 ? "" : ",") + std::to_string(pick(run_.options.keys));
        }
        return keys + "}";
    }

    // What such a transaction reads is old by right, but nobody else may get to see it.
    void read_from_old_snapshot(const Way& way) {
        session_.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM coherence.values LIMIT 1");
        std::this_thread::sleep_for(std::chrono::milliseconds(pick(300)));
        session_.run_prepared(way.name, batch_sql(way), {random_keys(way.rows)});
        session_.run("COMMIT");
    }

    // Cache-aside as a client does it: read the table, sometimes dawdle, store.
    void fill(int key) {
        const std::string text = std::to_string(key);
        const std::string user = "'" + std::string(user_prefix[registered]) + "' || lpad($1, 12, '0')";
        const Rows rows = session_.run_prepared(
            "select", "SELECT to_jsonb(version) FROM coherence.values WHERE user_id = (" + user + ")::uuid", {text});
        if (pick(50) == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(pick(40) == 0 ? 2500 : pick(100)));
        }
        session_.run_prepared("store", "SELECT helix.cache_set('recommendations:' || " + user + ", $2::jsonb, 60)",
                              {text, rows.text(0, 0)});
    }

    // What is no version at all is older than any.
    static std::int64_t parse(const char* text) {
        char* end = nullptr;
        const std::int64_t version = std::strtoll(text, &end, 10);
        return end == text || *end != '\0' ? -1 : version;
    }

    void check(const Way& way, int key, Micros started, const char* text) {
        const KeyHistory& history = run_.histories[way.source][static_cast<std::size_t>(key)];
        const Micros staleness = history.staleness(started, parse(text));
        Findings& findings = run_.findings;
        ++findings.reads;
        if (staleness == 0) {
            return;
        }
        raise_to(findings.worst, staleness);
        raise_to(findings.worst_lately, staleness);
        if (staleness > 1000LL * run_.options.lease_ms) {
            ++findings.stale;
            const std::string topic = "stale: " + way.name + " key " + std::to_string(key);
            findings.note(topic, topic + " read at " + clock_text(started) + " gave '" + text +
                                     "', a newer version had been committed at " + clock_text(started - staleness) +
                                     ", " + std::to_string(staleness / 1000) + " ms before; the newest now is " +
                                     std::to_string(history.newest()));
        }
    }

    void note_slowness(Micros per_read) {
        raise_to(run_.findings.slowest, per_read);
        raise_to(run_.findings.slowest_lately, per_read);
    }

    Run& run_;
    Session session_;
    std::mt19937 random_;
};

} // namespace

void read_until_stopped(Run& run, int number) {
    Reader reader(run, number);
    while (reader.ready()) {
        try {
            reader.step();
        } catch (const Lost&) {
            ++run.findings.lost;
        } catch (const Refused& error) {
            ++run.findings.refused;
            run.findings.note(error.what(), std::string("refused to a reader: ") + error.what());
            reader.start_over();
        }
    }
}

} // namespace coherence
