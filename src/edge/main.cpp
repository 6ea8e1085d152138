// helix-edge: reads its options, protects its memory, and runs.
#include "edge/launch.hpp"
#include "edge/log.hpp"
#include "edge/server.hpp"

#include <csignal>
#include <exception>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace helix;

// Tokens and passwords go through this memory: no core dump, no look by other processes of the same user.
void protect_memory() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

// As many descriptors as it may have.
void raise_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void run(int argc, char** argv) {
    edge::Options options = edge::read_options(argc, argv);
    Secret password;
    if (options.launched) {
        password = edge::read_launch(STDIN_FILENO, options);
    }
    protect_memory();
    raise_descriptors();
    std::signal(SIGPIPE, SIG_IGN);
    edge::run_server(options, std::move(password), options.launched ? STDIN_FILENO : -1);
}

} // namespace

int main(int argc, char** argv) {
    try {
        run(argc, argv);
    } catch (const std::exception& error) {
        edge::log_event(error.what());
        return 1;
    }
    return 0;
}
