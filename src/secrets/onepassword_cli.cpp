// Runs the op command for one secret, with the token in its environment and a time limit.
#include "secrets/onepassword_cli.hpp"

#include "secrets/onepassword_answer.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace helix::secrets {

namespace {

constexpr int exec_failed = 127;

class Pipe {
  public:
    Pipe() {
        if (pipe2(ends_.data(), O_CLOEXEC) != 0) {
            throw Failure(Outcome::unavailable, "the op command cannot be started: no pipe");
        }
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
    int reader() const { return ends_[0]; }
    int writer() const { return ends_[1]; }
    void close_end(int end) {
        if (ends_[end] >= 0) {
            close(ends_[end]);
            ends_[end] = -1;
        }
    }

  private:
    std::array<int, 2> ends_{};
};

// What op needs of the server's environment, and the token.
std::vector<std::string> environment(const Secret& token) {
    std::vector<std::string> variables = {"LC_ALL=C", "OP_SERVICE_ACCOUNT_TOKEN=" + std::string(token.view())};
    for (const char* name : {"HOME", "PATH", "XDG_CONFIG_HOME", "HTTPS_PROXY", "NO_PROXY"}) {
        if (const char* value = std::getenv(name); value != nullptr) {
            variables.push_back(std::string(name) + "=" + value);
        }
    }
    return variables;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (auto& string : strings) {
        result.push_back(string.data());
    }
    result.push_back(nullptr);
    return result;
}

// In the new process; does not return.
[[noreturn]] void become(const std::vector<char*>& arguments, const std::vector<char*>& variables, int out,
                         int errors) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    syscall(SYS_close_range, 3U, ~0U, 0U);
    execve(arguments.front(), arguments.data(), variables.data());
    _exit(exec_failed);
}

// Reads both to their ends, each up to its own size and one byte more; the rest is read and dropped, so that op can
// end.
void drain(std::array<pollfd, 2> ends, std::array<std::string*, 2> into, std::size_t longest) {
    std::array<char, 4096> bytes;
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        if (poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) {
            return;
        }
        for (std::size_t i = 0; i < ends.size(); ++i) {
            if (ends[i].fd < 0 || ends[i].revents == 0) {
                continue;
            }
            const ssize_t length = read(ends[i].fd, bytes.data(), bytes.size());
            if (length <= 0) {
                ends[i].fd = -1; // poll() passes it over
                continue;
            }
            const std::size_t room = longest + 1 - into[i]->size();
            into[i]->append(bytes.data(), std::min(room, static_cast<std::size_t>(length)));
        }
    }
}

// What went wrong, from op's own words, which go no further.
[[noreturn]] void fail(int status, const std::string& said) {
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code == exec_failed) {
        throw Failure(Outcome::unavailable, "the op command cannot be run");
    }
    constexpr std::array missing = {"isn't a vault", "isn't an item",       "isn't a field",
                                    "no item found", "could not find item", "does not have a field"};
    const auto says = [&](const char* words) { return said.find(words) != std::string::npos; };
    if (std::any_of(missing.begin(), missing.end(), says)) {
        throw Failure(Outcome::not_found, "the op command does not know its vault, item or field");
    }
    if (says("rate limit") || says("Too many requests") || says("too many requests")) {
        constexpr int pause_s = 60;
        throw Failure(Outcome::unavailable, "1Password has had too many requests", pause_s);
    }
    throw Failure(Outcome::unavailable, "the op command failed with exit code " + std::to_string(code));
}

} // namespace

Secret ask_command(const std::string& command, const Secret& token, const std::string& reference) {
    std::vector<std::string> words = {command, "read", "--no-newline", reference};
    auto variables_text = environment(token);
    const auto arguments = pointers(words);
    const auto variables = pointers(variables_text);
    Pipe out;
    Pipe errors;
    const pid_t child = fork();
    if (child < 0) {
        throw Failure(Outcome::unavailable, "the op command cannot be started: no process");
    }
    if (child == 0) {
        become(arguments, variables, out.writer(), errors.writer());
    }
    out.close_end(1);
    errors.close_end(1);
    std::string printed;
    std::string said;
    drain({pollfd{out.reader(), POLLIN, 0}, pollfd{errors.reader(), POLLIN, 0}}, {&printed, &said}, Secret::longest);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail(status, said);
    }
    if (printed.empty() || printed.size() > Secret::longest) {
        throw Failure(Outcome::unusable, "the op command does not print 1 to 4096 bytes");
    }
    return Secret(printed);
}

} // namespace helix::secrets
