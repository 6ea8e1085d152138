// Asks 1Password for one secret, or a server for its keys, in a child process, and waits for the answer.
#include "pg/prelude.hpp"

#include "secrets/request_process.hpp"

#include "config.hpp"
#include "core/error.hpp"
#include "core/tokens/key_reference.hpp"
#include "secrets/jwks_source.hpp"
#include "secrets/onepassword_cli.hpp"
#include "secrets/onepassword_connect.hpp"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

extern "C" {
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
}

namespace helix::secrets {

namespace {

constexpr std::chrono::milliseconds time_for_connect{8'000};
constexpr long time_for_all_ms = 10'000;

Secret ask_source(const char* reference) {
    if (is_jwks_address(reference)) {
        return ask_jwks(reference, time_for_connect);
    }
    const auto parsed = parse_onepassword_reference(reference);
    const Secret token = read_secret(config::onepassword_token_ref);
    if (token.empty()) {
        throw Failure(Outcome::unavailable, "helix.onepassword_token_ref is not set");
    }
    return *config::onepassword_connect_url != '\0'
               ? ask_connect(config::onepassword_connect_url, token, parsed, time_for_connect)
               : ask_command(config::onepassword_cli, token, reference);
}

// What a refusal says after the reference, `: ` included, without the full stop.
std::string why_of(const Error& error) {
    const auto end_of_reference = error.detail.rfind("\": ");
    return end_of_reference == std::string::npos
               ? std::string()
               : error.detail.substr(end_of_reference + 1, error.detail.size() - end_of_reference - 2);
}

void ask(const char* reference, Answer& answer) noexcept {
    try {
        answer.set(Outcome::found, ask_source(reference).view());
    } catch (const Failure& failure) {
        answer.set(failure.outcome, failure.reason, failure.retry_after_s);
    } catch (const Error& error) { // of the token, whose reference is the superusers' alone
        answer.set(Outcome::unavailable, "the token cannot be read" + why_of(error));
    } catch (...) {
        answer.set(Outcome::unavailable, "out of memory");
    }
}

// The new process: it has PostgreSQL's memory and handlers, and may touch neither.
[[noreturn]] void live(const char* reference, int out, pid_t keeper) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper) {
        _exit(1); // it is gone already
    }
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGURG, SIGCHLD}) {
        ::signal(signal, SIG_DFL);
    }
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, nullptr);
    Answer answer{};
    ask(reference, answer);
    const auto* bytes = reinterpret_cast<const char*>(&answer);
    for (std::size_t sent = 0; sent < sizeof(answer);) {
        const ssize_t length = write(out, bytes + sent, sizeof(answer) - sent);
        if (length <= 0) {
            _exit(1);
        }
        sent += static_cast<std::size_t>(length);
    }
    _exit(0);
}

struct Inquirer {
    pid_t pid;
    int answers; // where its answer comes from
};

Inquirer start(const char* reference) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return {-1, -1};
    }
    fcntl(ends[1], F_SETFL, 0); // the writer may wait
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); // none of the keeper's handlers may run in the new process
    const pid_t pid = fork();
    if (pid == 0) {
        live(reference, ends[1], MyProcPid);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return {-1, -1};
    }
    setpgid(pid, pid); // whoever is first
    return {pid, ends[0]};
}

void end(const Inquirer& inquirer) {
    kill(-inquirer.pid, SIGKILL);
    while (waitpid(inquirer.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    close(inquirer.answers);
}

enum class Progress { more, complete, broken };

// Takes what has come of the answer.
Progress receive(const Inquirer& inquirer, Answer& answer, std::size_t& received) {
    const ssize_t length =
        read(inquirer.answers, reinterpret_cast<char*>(&answer) + received, sizeof(answer) - received);
    if (length < 0) {
        return errno == EAGAIN || errno == EINTR ? Progress::more : Progress::broken;
    }
    received += static_cast<std::size_t>(length);
    const bool valid = received == sizeof(answer) && answer.length <= sizeof(answer.bytes);
    return valid ? Progress::complete : length == 0 ? Progress::broken : Progress::more;
}

// Waits for news of the answer; false where the keeper has to leave.
bool wait_for(const Inquirer& inquirer, long ms) {
    WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_SOCKET_READABLE | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, inquirer.answers,
                      ms, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    return !ShutdownRequestPending;
}

} // namespace

bool ask_in_process(const char* reference, Answer& answer) {
    const Inquirer inquirer = start(reference);
    if (inquirer.pid < 0) {
        answer.set(Outcome::unavailable, "the server cannot start a process");
        return true;
    }
    const TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), time_for_all_ms);
    std::size_t received = 0;
    auto progress = Progress::more;
    bool stays = true;
    while (stays && progress == Progress::more) {
        const long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);
        if (left <= 0) {
            break;
        }
        stays = wait_for(inquirer, left);
        progress = receive(inquirer, answer, received);
    }
    end(inquirer);
    if (progress != Progress::complete) {
        explicit_bzero(&answer, sizeof(answer));
        answer.set(Outcome::unavailable, progress == Progress::broken
                                             ? "the process that asks has ended without an answer"
                                         : is_jwks_address(reference) ? "the key set's server did not answer in time"
                                                                      : "1Password did not answer in time");
    }
    return stays;
}

} // namespace helix::secrets
