// Starts helix-edge, sees that it has ended, and starts it again.
#include "pg/prelude.hpp"

#include "worker/edge_watch.hpp"

#include "config.hpp"
#include "pg/background_process.hpp"
#include "worker/edge_child.hpp"

#include <csignal>
#include <cstring>
#include <sys/prctl.h>
#include <sys/wait.h>

extern "C" {
#include "utils/resowner.h"
}

namespace helix::worker {

namespace {

constexpr long shortest_pause_ms = 200; // before it is started again; it doubles with each start that does not last
constexpr long longest_pause_ms = 60'000;
constexpr int lasting_s = 10;
constexpr long pause_without_extension_ms = 2000;
constexpr long time_to_leave_ms = 5000;
constexpr long longest_sleep_ms = 60'000;
constexpr long preparing_poll_ms = 20; // no signal tells of the end of the process that prepares

enum class State { off, pausing, preparing, running, leaving };

// What it was started with: where it differs, another one is started.
struct Settings {
    char text[2048];
    bool operator==(const Settings& other) const { return strcmp(text, other.text) == 0; }
};

struct Watch {
    State state;
    TimestampTz until; // pausing: of the next start; leaving: when it is killed
    int failures;      // starts in a row that did not last
    bool says_no_extension;
    Settings settings;
    BackgroundWorkerHandle* role; // preparing
    EdgePassword password;
    EdgeChild child; // running, leaving
    TimestampTz started_at;
};
Watch watch; // lives as long as the process

Settings current_settings() {
    Settings settings;
    snprintf(settings.text, sizeof(settings.text), "%s\n%s\n%s\n%s", config::edge_listen, config::edge_database,
             config::edge_program, config::edge_options);
    return settings;
}

bool is_wanted() {
    return *config::edge_listen != '\0';
}

TimestampTz in_ms(long ms) {
    return TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms);
}

void pause_for(long ms) {
    watch.password.wipe();
    watch.state = State::pausing;
    watch.until = in_ms(ms);
}

long pause_after_failure() {
    const long ms = std::min(longest_pause_ms, shortest_pause_ms << std::min(watch.failures, 16));
    ++watch.failures;
    return ms;
}

void prepare() {
    watch.settings = current_settings();
    watch.role = start_edge_role(watch.password);
    if (watch.role == nullptr) {
        ereport(LOG, (errmsg("helix could not start a process to let helix-edge sign in"),
                      errhint("Raise max_worker_processes.")));
        pause_for(pause_after_failure());
        return;
    }
    watch.state = State::preparing;
}

void start() {
    watch.child = start_edge_child(watch.password);
    watch.password.wipe();
    if (watch.child.pid == 0) {
        errno = watch.child.error;
        ereport(LOG, (errmsg("helix could not start \"%s\": %m", edge_program_path()),
                      errhint("Install helix-edge there, or set helix.edge_program.")));
        pause_for(pause_after_failure());
        return;
    }
    watch.state = State::running;
    watch.started_at = GetCurrentTimestamp();
    ereport(LOG, (errmsg("helix has started helix-edge (PID %d) on %s", static_cast<int>(watch.child.pid),
                         config::edge_listen)));
}

void wait_for_extension() {
    if (!watch.says_no_extension) {
        ereport(LOG, (errmsg("helix-edge waits for the extension helix in database \"%s\"", config::edge_database),
                      errhint("Run CREATE EXTENSION helix there, or set helix.edge_database.")));
    }
    watch.says_no_extension = true;
    pause_for(pause_without_extension_ms);
}

void end_preparation() {
    pid_t pid = 0;
    const auto status = GetBackgroundWorkerPid(watch.role, &pid);
    if (status != BGWH_STOPPED && status != BGWH_POSTMASTER_DIED) {
        return;
    }
    pfree(watch.role);
    watch.role = nullptr;
    const EdgeRole outcome = edge_role_outcome();
    if (!is_wanted() || !(watch.settings == current_settings())) {
        pause_for(0);
    } else if (outcome == EdgeRole::no_extension) {
        wait_for_extension();
    } else if (outcome == EdgeRole::failed) { // its process has said why
        pause_for(pause_after_failure());
    } else {
        watch.says_no_extension = false;
        start();
    }
}

const char* end_of(int status) {
    return WIFSIGNALED(status) ? psprintf("signal %d", WTERMSIG(status))
                               : psprintf("exit status %d", WEXITSTATUS(status));
}

// Whether the child has ended.
bool has_ended() {
    int status = 0;
    if (waitpid(watch.child.pid, &status, WNOHANG) != watch.child.pid) {
        return false;
    }
    close(watch.child.pipe);
    const bool lasted = GetCurrentTimestamp() - watch.started_at >= lasting_s * USECS_PER_SEC;
    watch.failures = lasted || watch.state == State::leaving ? 0 : watch.failures;
    const long pause_ms = watch.state == State::leaving ? 0 : pause_after_failure();
    ereport(LOG, (errmsg("helix-edge (PID %d) has ended: %s", static_cast<int>(watch.child.pid), end_of(status))));
    watch.child = EdgeChild{};
    pause_for(pause_ms);
    return true;
}

void tell_to_leave() {
    kill(watch.child.pid, SIGTERM);
    watch.state = State::leaving;
    watch.until = in_ms(time_to_leave_ms);
}

void watch_child() {
    if (has_ended()) {
        return;
    }
    if (watch.state == State::running && (!is_wanted() || !(watch.settings == current_settings()))) {
        tell_to_leave();
    } else if (watch.state == State::leaving && GetCurrentTimestamp() >= watch.until) {
        kill(watch.child.pid, SIGKILL);
        watch.until = in_ms(time_to_leave_ms);
    }
}

void watch_pause() {
    if (!is_wanted()) {
        watch.state = State::off;
        watch.failures = 0;
    } else if (GetCurrentTimestamp() >= watch.until || !(watch.settings == current_settings())) {
        prepare();
    }
}

void step() {
    switch (watch.state) {
    case State::off:
        if (is_wanted()) {
            prepare();
        }
        break;
    case State::pausing:
        watch_pause();
        break;
    case State::preparing:
        end_preparation();
        break;
    case State::running:
    case State::leaving:
        watch_child();
        break;
    }
}

} // namespace

void begin_edge_watch() {
    prctl(PR_SET_DUMPABLE, 0);       // no core file has a password
    CreateAuxProcessResourceOwner(); // the server's HMAC wants one
    pqsignal(SIGCHLD, [](int) {
        const int before = errno;
        SetLatch(MyLatch);
        errno = before;
    });
}

long watch_edge() {
    State before;
    do { // what has become due by a step is due now
        before = watch.state;
        step();
    } while (watch.state != before);
    if (watch.state == State::preparing) {
        return preparing_poll_ms;
    }
    const bool has_deadline = watch.state == State::pausing || watch.state == State::leaving;
    return has_deadline ? std::max(1L, TimestampDifferenceMilliseconds(GetCurrentTimestamp(), watch.until))
                        : longest_sleep_ms;
}

} // namespace helix::worker
