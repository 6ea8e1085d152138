// What writers and readers do, and what they have found.
#pragma once

#include "history.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <set>
#include <string>

namespace coherence {

struct Options {
    std::int64_t reads = 0;
    int writers = 4, readers = 8, keys = 16, lease_ms = 2000, seconds = 0, pause_ms = 20;
    std::string conninfo;
};

// Where versions come from. Each has users of its own: invalidating one user's keys must not hide that others' stay.
enum Source { registered, by_hand, recorded, sources };

// The first digits of a source's user ids; the user's number makes the rest.
constexpr std::array<const char*, sources> user_prefix{"c0000000-0000-4000-8000-", "c1000000-0000-4000-8000-",
                                                       "c2000000-0000-4000-8000-"};

struct Findings {
    std::atomic<std::int64_t> reads{0}, stale{0}, commits{0}, rollbacks{0}, unknown{0}, lost{0}, refused{0};
    std::atomic<Micros> worst{0}, worst_lately{0}, slowest_lately{0}, slowest{0};

    // Prints the first ten lines, one on each topic.
    void note(const std::string& topic, const std::string& line);

  private:
    std::mutex mutex_;
    std::set<std::string> topics_;
};

struct Run {
    explicit Run(Options given);

    Options options;
    std::array<std::deque<KeyHistory>, sources> histories;
    bool has_recordings = true; // the stand-in for helix has none
    Findings findings;
};

std::string clock_text(Micros at);
Micros now();
void raise_to(std::atomic<Micros>& maximum, Micros value);

// Makes the tables, registers them, and takes their versions as acknowledged.
void set_up(Run& run);
void write_until_stopped(Run& run, int number);
void read_until_stopped(Run& run, int number);

} // namespace coherence
