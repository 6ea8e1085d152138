// What test/bench/queue measures of workers that wait:
//   queue_wait time ours|listen WAITERS SAMPLES
//       sends one job after another to so many waiting sessions and prints the ms from the return of each commit until
//       one of them has the job
//   queue_wait serve ours|listen WAITERS
//       lets so many sessions wait for jobs and finish them, until it is killed
// ours: claim_executions() that waits; listen: a plain queue that notifies, looked into after each notification.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <libpq-fe.h>
#include <memory>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto patience = 10s;
constexpr int look_again_ms = 1000;

struct Way {
    const char* send;
    const char* take;
    const char* finish;
    bool listens;
};

constexpr Way ours = {"SELECT helix.enqueue_execution(NULL, p_payload => '{\"to\": \"somebody\"}', p_user_id => "
                      "'aaaaaaaa-0000-4000-8000-000000000001', p_operation_id => 'email-compose')",
                      "SELECT execution_id FROM helix.claim_executions('w', 1, p_wait => '1 s')",
                      "SELECT helix.complete_execution($1, 'success', NULL, 0.001, 10)", false};
constexpr Way listening = {"SELECT bench.send('{\"to\": \"somebody\"}', true)", "SELECT id FROM bench.read(300, 1)",
                           "SELECT bench.finish($1, 0.001)", true};

[[noreturn]] void fail(const std::string& message) {
    std::fprintf(stderr, "queue_wait: %s\n", message.c_str());
    std::exit(1);
}

class Session {
  public:
    explicit Session(const Way& way) : connection_(PQconnectdb(""), PQfinish), way_(way) {
        check(PQprepare(connection_.get(), "send", way.send, 0, nullptr));
        check(PQprepare(connection_.get(), "take", way.take, 0, nullptr));
        check(PQprepare(connection_.get(), "finish", way.finish, 0, nullptr));
    }

    void listen() {
        if (way_.listens) {
            check(PQexec(connection_.get(), "LISTEN bench"));
        }
    }

    void send() { run("send", nullptr); }
    std::string take() { return run("take", nullptr); } // "": none
    void finish(const std::string& job) { run("finish", job.c_str()); }

    // Only who listens has to: otherwise take() has waited.
    void wait() {
        if (!way_.listens || forget_notifications()) {
            return;
        }
        pollfd socket = {PQsocket(connection_.get()), POLLIN, 0};
        poll(&socket, 1, look_again_ms);
        forget_notifications();
    }

  private:
    std::string run(const char* name, const char* parameter) {
        PGresult* result =
            PQexecPrepared(connection_.get(), name, parameter == nullptr ? 0 : 1, &parameter, nullptr, nullptr, 0);
        std::string value = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
        check(result);
        return value;
    }

    void check(PGresult* result) {
        const std::unique_ptr<PGresult, decltype(&PQclear)> owner(result, PQclear);
        const auto status = PQresultStatus(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
            fail(PQerrorMessage(connection_.get()));
        }
    }

    bool forget_notifications() {
        bool any = false;
        PQconsumeInput(connection_.get());
        while (PGnotify* notification = PQnotifies(connection_.get())) {
            PQfreemem(notification);
            any = true;
        }
        return any;
    }

    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
    const Way& way_;
};

std::atomic<std::int64_t> taken_at{0}; // of the clock; 0: nobody has the job that was sent
std::atomic<int> finished{0};

std::int64_t now() {
    return Clock::now().time_since_epoch().count();
}

void serve(const Way& way) {
    Session session(way);
    session.listen();
    for (;;) {
        const auto job = session.take();
        if (job.empty()) {
            session.wait();
            continue;
        }
        taken_at = now();
        session.finish(job);
        ++finished;
    }
}

void start(const Way& way, int waiters) {
    for (int i = 0; i < waiters; ++i) {
        std::thread(serve, std::cref(way)).detach();
    }
}

void time_jobs(const Way& way, int samples) {
    Session session(way);
    std::this_thread::sleep_for(500ms); // until all wait
    for (int sent = 1; sent <= samples; ++sent) {
        taken_at = 0;
        session.send();
        const auto committed = now();
        const auto give_up = Clock::now() + patience;
        while (finished < sent) {
            if (Clock::now() > give_up) {
                fail("nobody takes the job");
            }
            std::this_thread::sleep_for(100us);
        }
        std::printf("%.4f\n", static_cast<double>(taken_at - committed) / 1e6);
        std::this_thread::sleep_for(2ms); // until all wait again
    }
}

} // namespace

int main(int count, char** words) {
    const std::string mode = count > 3 ? words[1] : "";
    const std::string name = count > 3 ? words[2] : "";
    const Way& way = name == "ours" ? ours : listening;
    if (mode == "time" && count == 5) {
        start(way, std::atoi(words[3]));
        time_jobs(way, std::atoi(words[4]));
    } else if (mode == "serve" && count == 4) {
        start(way, std::atoi(words[3]));
        std::this_thread::sleep_for(1h);
    } else {
        fail("time ours|listen WAITERS SAMPLES, or serve ours|listen WAITERS");
    }
    std::fflush(stdout);
    std::_Exit(0); // the waiting threads go with it
}
