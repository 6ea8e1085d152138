// Writers: transactions of all sorts that raise versions, each acknowledged when its commit has returned.
#include "session.hpp"
#include "workload.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <random>
#include <thread>

namespace coherence {

namespace {

class Writer {
  public:
    Writer(Run& run, int number)
        : run_(run), session_(run.options.conninfo, "coherence_writer"), random_(1000 + number) {}

    void step() {
        try {
            change_something();
        } catch (const Missed&) {
            session_.run("ROLLBACK");
        }
    }

    bool ready() { return session_.ready(); }
    void start_over() { session_.disconnect(); }

    void pause() { std::this_thread::sleep_for(std::chrono::microseconds(pick(2000 * run_.options.pause_ms + 1))); }

  private:
    // The row was deleted and inserted anew while the update waited for it: READ COMMITTED finds none then.
    struct Missed {};

    void change_something() {
        using Step = void (Writer::*)();
        static constexpr Step rare[] = {
            &Writer::rolled_back, &Writer::rolled_back_savepoint, &Writer::released_savepoint, &Writer::two_keys,
            &Writer::slow,        &Writer::removed_and_inserted};
        static constexpr Step usual[] = {&Writer::autocommit, &Writer::autocommit, &Writer::by_hand_step,
                                         &Writer::record};
        const Step step = pick(3) == 0 ? rare[pick(std::size(rare))] : usual[pick(std::size(usual))];
        (this->*step)();
    }

    int pick(int count) { return std::uniform_int_distribution<>(0, count - 1)(random_); }
    // One key in eight changes all the time, the others every few seconds: what gets lost there stays lost for a while.
    int key() {
        const int keys = run_.options.keys;
        return pick(12) > 0 ? pick(std::max(1, keys / 8)) : pick(keys);
    }

    static std::string user(Source source, int key) {
        const std::string digits = std::to_string(key);
        return user_prefix[source] + std::string(12 - digits.size(), '0') + digits;
    }

    std::int64_t raise(Source source, int key) {
        const char* table = source == registered ? "values" : "by_hand";
        const Rows rows = session_.run_prepared(
            table,
            std::string("UPDATE coherence.") + table +
                " SET version = version + 1, changed_at = clock_timestamp() WHERE user_id = $1 RETURNING version",
            {user(source, key)});
        if (rows.count() == 0) {
            throw Missed();
        }
        return rows.number(0, 0);
    }

    // A version that is rolled back and that no reader may ever see, though this session reads it through the cache.
    void spoil(int key) {
        const std::string id = user(registered, key);
        session_.run_prepared("spoil", "UPDATE coherence.values SET version = -1 WHERE user_id = $1", {id});
        if (pick(2) == 0) {
            session_.run_prepared(
                "read_spoilt",
                "SELECT helix.cache_get_or_fetch('recommendations:' || u, format('SELECT to_jsonb(version) "
                "FROM coherence.values WHERE user_id = %L', u), 60), helix.cache_set('recommendations:' || u, '-1', "
                "60) "
                "FROM (SELECT $1) users(u)",
                {id});
        }
    }

    void acknowledge(Source source, int key, std::int64_t version, Micros at) {
        run_.histories[source][key].acknowledge(at, version);
        ++run_.findings.commits;
    }

    // A commit whose answer never came may or may not have happened: nothing is acknowledged.
    Micros commit() {
        try {
            session_.run("COMMIT");
        } catch (const Lost&) {
            ++run_.findings.unknown;
            throw;
        }
        return now();
    }

    void roll_back() {
        session_.run("ROLLBACK");
        ++run_.findings.rollbacks;
    }

    void autocommit() {
        const int k = key();
        const std::int64_t version = raise(registered, k);
        acknowledge(registered, k, version, now());
    }

    void rolled_back() {
        session_.run("BEGIN");
        spoil(key());
        if (pick(4) == 0) {
            pause();
        }
        roll_back();
    }

    void rolled_back_savepoint() {
        const int k = key();
        session_.run("BEGIN");
        const std::int64_t version = raise(registered, k);
        session_.run("SAVEPOINT s");
        spoil(k);
        session_.run("ROLLBACK TO s");
        acknowledge(registered, k, version, commit());
    }

    void released_savepoint() {
        const int k = key();
        session_.run("BEGIN; SAVEPOINT s");
        const std::int64_t version = raise(registered, k);
        session_.run("RELEASE s");
        acknowledge(registered, k, version, commit());
    }

    void two_keys() {
        const int low = std::min(key(), run_.options.keys - 2); // in this order: no deadlock
        session_.run("BEGIN");
        const std::int64_t first = raise(registered, low);
        const std::int64_t second = raise(registered, low + 1);
        const Micros at = commit();
        acknowledge(registered, low, first, at);
        acknowledge(registered, low + 1, second, at);
    }

    // Readers fill the old version again and again while this one is open.
    void slow() {
        const int k = key();
        session_.run("BEGIN");
        const std::int64_t version = raise(registered, k);
        std::this_thread::sleep_for(std::chrono::milliseconds(pick(300) == 0 ? 2500 : 100));
        acknowledge(registered, k, version, commit());
    }

    void removed_and_inserted() {
        const int k = key();
        session_.run("BEGIN");
        const std::int64_t version = raise(registered, k) + 1;
        session_.run_prepared("delete", "DELETE FROM coherence.values WHERE user_id = $1", {user(registered, k)});
        session_.run_prepared("insert", "INSERT INTO coherence.values VALUES ($1, $2, clock_timestamp())",
                              {user(registered, k), std::to_string(version)});
        acknowledge(registered, k, version, commit());
    }

    // A table without triggers: the transaction itself says what becomes invalid.
    void by_hand_step() {
        const int k = key();
        const std::string id = user(by_hand, k);
        const bool before = pick(2) == 0;
        session_.run("BEGIN");
        if (before) {
            invalidate(id);
        }
        const std::int64_t version = raise(by_hand, k);
        if (!before) {
            invalidate(id);
        }
        acknowledge(by_hand, k, version, commit());
    }

    // Seldom all at once: that would make good what got lost before.
    void invalidate(const std::string& id) {
        const std::string prefix = "theme_prefs:" + id;
        if (const int way = pick(3000); way == 0) {
            session_.run("SELECT helix.cache_flush_all()");
        } else if (way == 1) {
            session_.run_prepared("wide", "SELECT helix.cache_delete_pattern($1)", {prefix + "*"});
        } else if (way % 10 == 2) {
            session_.run_prepared("user", "SELECT helix.invalidate_user_cache($1::uuid)", {id});
        } else if (way % 10 < 5) {
            session_.run_prepared("pattern", "SELECT helix.cache_delete_pattern($1)", {prefix + ":*"});
        } else {
            session_.run_prepared("key", "SELECT helix.cache_delete($1)", {prefix + ":dark"});
        }
    }

    void record() {
        if (!run_.has_recordings) {
            return autocommit();
        }
        const int k = key();
        session_.run_prepared(
            "record",
            "SELECT helix.record_operation_execution($1::uuid, 'email-compose', NULL, true, 5, 0.000001, 'openai')",
            {user(recorded, k)});
        run_.histories[recorded][k].acknowledge_one_more(now());
        ++run_.findings.commits;
    }

    Run& run_;
    Session session_;
    std::mt19937 random_;
};

} // namespace

void write_until_stopped(Run& run, int number) {
    Writer writer(run, number);
    while (writer.ready()) {
        try {
            writer.step();
        } catch (const Lost&) {
            ++run.findings.lost;
        } catch (const Refused& error) {
            ++run.findings.refused;
            run.findings.note(error.what(), std::string("refused to a writer: ") + error.what());
            writer.start_over();
        }
        writer.pause();
    }
}

} // namespace coherence
