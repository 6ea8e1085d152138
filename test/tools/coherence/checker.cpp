// Checks that no read through helix's cache is older than the lease allows, while writers commit and roll back and
// somebody else breaks Redis, the connection to it, or the server.
//
//   coherence_checker [--reads N] [--seconds S] [--writers 4] [--readers 8] [--keys 16] [--lease-ms 2000] [--pause-ms
//   20]
//                     [--conninfo '...']
//
// Runs until it has done that many reads and has run that long (one of both suffices; 1,000,000 reads if neither is
// given), or until SIGTERM. Prints a line a second and the result. Exits with 1 where a read was staler than the lease,
// with 2 where the server refused a statement. A read counts as stale where a newer version's COMMIT had returned to
// its client more than the lease before the read started; a commit whose answer was lost is never counted on.
#include "session.hpp"
#include "workload.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

using namespace coherence;

namespace {

// Counters of helix.cache_stats(), summed over restarts of the server, which begin them anew.
class Statistics {
  public:
    explicit Statistics(const std::string& conninfo) : session_(conninfo, "coherence_statistics") {}

    void update() {
        try {
            if (!session_.ready()) {
                return;
            }
            const Rows row =
                session_.run("SELECT hits, misses, fills, refused_fills, invalidations, epochs, drops, state, "
                             "extract(epoch FROM pg_postmaster_start_time()) FROM helix.cache_stats()");
            state_ = row.text(0, 7);
            for (int i = 0; i < counters; ++i) {
                const std::int64_t value = row.number(0, i);
                total_[i] += first_ ? 0 : value < last_[i] ? value : value - last_[i];
                last_[i] = value;
            }
            first_ = false;
        } catch (const std::exception& error) {
            state_ = "?";
        }
    }

    std::string text() const {
        static constexpr const char* names[counters] = {"hits",          "misses", "fills", "refused",
                                                        "invalidations", "epochs", "drops"};
        std::string line;
        for (int i = 0; i < counters; ++i) {
            line += std::string(names[i]) + '=' + std::to_string(total_[i]) + ' ';
        }
        return line + "state=" + state_;
    }

  private:
    static constexpr int counters = 7;
    Session session_;
    bool first_ = true;
    std::int64_t last_[counters] = {}, total_[counters] = {};
    std::string state_ = "?";
};

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; i += 2) {
        const std::string name = argv[i];
        if (i + 1 == argc) {
            throw std::runtime_error("a value is missing: " + name);
        }
        const std::string value = argv[i + 1];
        if (name == "--conninfo") {
            options.conninfo = value;
        } else if (name == "--reads") {
            options.reads = std::stoll(value);
        } else {
            int* const number = name == "--writers"    ? &options.writers
                                : name == "--readers"  ? &options.readers
                                : name == "--keys"     ? &options.keys
                                : name == "--lease-ms" ? &options.lease_ms
                                : name == "--seconds"  ? &options.seconds
                                : name == "--pause-ms" ? &options.pause_ms
                                                       : nullptr;
            if (number == nullptr) {
                throw std::runtime_error("unknown option: " + name);
            }
            *number = std::stoi(value);
        }
    }
    if (options.reads == 0 && options.seconds == 0) {
        options.reads = 1000000;
    }
    return options;
}

void print_progress(Run& run, const Statistics& statistics) {
    Findings& findings = run.findings;
    std::printf("%s reads=%lld commits=%lld stale=%lld worst_ms=%.1f slowest_ms=%.1f lost=%lld %s\n",
                clock_text(now()).c_str(), static_cast<long long>(findings.reads),
                static_cast<long long>(findings.commits), static_cast<long long>(findings.stale),
                static_cast<double>(findings.worst_lately.exchange(0)) / 1000,
                static_cast<double>(findings.slowest_lately.exchange(0)) / 1000, static_cast<long long>(findings.lost),
                statistics.text().c_str());
    std::fflush(stdout);
}

int report(Run& run, const Statistics& statistics, double seconds) {
    Findings& findings = run.findings;
    std::printf(
        "result: reads=%lld reads_per_s=%.0f stale=%lld worst_ms=%.1f slowest_ms=%.1f commits=%lld rollbacks=%lld "
        "unknown=%lld lost=%lld refused=%lld %s\n",
        static_cast<long long>(findings.reads), static_cast<double>(findings.reads) / seconds,
        static_cast<long long>(findings.stale), static_cast<double>(findings.worst) / 1000,
        static_cast<double>(findings.slowest) / 1000, static_cast<long long>(findings.commits),
        static_cast<long long>(findings.rollbacks), static_cast<long long>(findings.unknown),
        static_cast<long long>(findings.lost), static_cast<long long>(findings.refused), statistics.text().c_str());
    return findings.stale > 0 ? 1 : findings.refused > 0 ? 2 : 0;
}

int run_all(const Options& options) {
    Run run(options);
    set_up(run);
    Statistics statistics(options.conninfo);
    statistics.update();
    const Micros start = now();
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(options.writers + options.readers));
    for (int i = 0; i < options.writers; ++i) {
        threads.emplace_back(write_until_stopped, std::ref(run), i);
    }
    for (int i = 0; i < options.readers; ++i) {
        threads.emplace_back(read_until_stopped, std::ref(run), i);
    }
    while (!stopping && (run.findings.reads < options.reads || now() - start < 1000000LL * options.seconds)) {
        std::this_thread::sleep_for(std::chrono::seconds(1));
        statistics.update();
        print_progress(run, statistics);
    }
    statistics.update();
    const double seconds = static_cast<double>(now() - start) / 1e6;
    stopping = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    return report(run, statistics, seconds);
}

} // namespace

int main(int argc, char** argv) {
    try {
        std::signal(SIGTERM, [](int) { stopping = true; });
        std::signal(SIGINT, [](int) { stopping = true; });
        return run_all(parse(argc, argv));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "coherence_checker: %s\n", error.what());
        return 3;
    }
}
