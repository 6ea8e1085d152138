// Starts helix-edge with nothing of the server but what it has to know.
#include "pg/prelude.hpp"

#include "worker/edge_child.hpp"

#include "config.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

extern "C" {
#include "common/string.h"
#include "lib/stringinfo.h"
#include "storage/fd.h"
#include "utils/varlena.h"
}

namespace helix::worker {

namespace {

constexpr const char* program_name = "helix-edge";
constexpr const char* mark = "--launched"; // it reads what it has to know from its standard input
constexpr int most_arguments = 64;
// The environment may hold secrets, so no other variable is passed on.
constexpr const char* passed_variables[] = {"PATH", "LD_LIBRARY_PATH", "TZ", "LANG", "LC_ALL"};

struct Pipe {
    int out; // the child's end
    int in;
};

// The first folder of unix_socket_directories; empty where the server has no such socket.
const char* socket_directory() {
    char* copy = pstrdup(GetConfigOption("unix_socket_directories", false, false));
    List* folders = NIL;
    const bool valid = SplitDirectoriesString(copy, ',', &folders);
    return valid && folders != NIL ? static_cast<const char*>(linitial(folders)) : "";
}

// As docs/edge.md describes it: lines, and an empty one. The buffer is the caller's to wipe.
StringInfoData message(const EdgePassword& password) {
    StringInfoData text;
    initStringInfo(&text);
    appendStringInfo(&text, "listen=%s\nsocket_directory=%s\nport=%s\ndatabase=%s\nuser=%s\npassword=%s\n\n",
                     config::edge_listen, socket_directory(), GetConfigOption("port", false, false),
                     config::edge_database, edge_role, password.digits);
    return text;
}

// It fits into the pipe, so that writing does not wait.
void send_message(int pipe, const EdgePassword& password) {
    StringInfoData text = message(password);
    const ssize_t sent = write(pipe, text.data, static_cast<std::size_t>(text.len));
    if (sent != text.len && errno != EPIPE) { // one that has ended already is told of as such
        ereport(LOG, (errmsg("helix could not tell helix-edge what it has to know: %m")));
    }
    explicit_bzero(text.data, static_cast<std::size_t>(text.maxlen));
    pfree(text.data);
}

struct Arguments {
    char* words[most_arguments + 3];
};

// helix-edge --launched and the words of helix.edge_options.
Arguments arguments() {
    Arguments result{{pstrdup(program_name), pstrdup(mark)}};
    char* rest = nullptr;
    int count = 2;
    for (char* word = strtok_r(pstrdup(config::edge_options), " \t\r\n", &rest);
         word != nullptr && count < most_arguments + 2; word = strtok_r(nullptr, " \t\r\n", &rest)) {
        result.words[count++] = word;
    }
    return result;
}

struct Environment {
    char* variables[lengthof(passed_variables) + 1];
};

Environment environment() {
    Environment result{};
    int count = 0;
    for (const char* name : passed_variables) {
        if (const char* value = getenv(name)) {
            result.variables[count++] = psprintf("%s=%s", name, value);
        }
    }
    return result;
}

// What differs from the launcher: signals as at the start of a program, and a group of its own. So what the postmaster
// sends to the launcher's group does not reach it.
void set_attributes(posix_spawnattr_t& attributes) {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

// The message comes by standard input; log lines go where the server's go; all else is closed.
void set_files(posix_spawn_file_actions_t& files, int message_end) {
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, message_end, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawn_file_actions_addchdir_np(&files, "/");
}

int spawn(const char* path, int message_end, pid_t& pid) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    set_attributes(attributes);
    set_files(files, message_end);
    Arguments words = arguments();
    Environment variables = environment();
    const int error = posix_spawn(&pid, path, &files, &attributes, words.words, variables.variables);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return error;
}

// The postmaster may be protected from the OOM killer; its children and theirs are not meant to be.
void make_ordinary(pid_t pid) {
    const int file = open(psprintf("/proc/%d/oom_score_adj", static_cast<int>(pid)), O_WRONLY | O_CLOEXEC);
    if (file >= 0) {
        [[maybe_unused]] const ssize_t written = write(file, "0", 1); // where it may not be lowered, it stays
        close(file);
    }
}

} // namespace

const char* edge_program_path() {
    if (*config::edge_program != '\0') {
        return pstrdup(config::edge_program);
    }
    char* path = pstrdup(my_exec_path); // of the program postgres
    get_parent_directory(path);
    return psprintf("%s/%s", path, program_name);
}

EdgeChild start_edge_child(const EdgePassword& password) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return {0, -1, errno};
    }
    const Pipe pipe{ends[0], ends[1]};
    pid_t pid = 0;
    const int error = spawn(edge_program_path(), pipe.out, pid);
    close(pipe.out);
    if (error != 0) {
        close(pipe.in);
        return {0, -1, error};
    }
    make_ordinary(pid);
    send_message(pipe.in, password);
    return {pid, pipe.in, 0};
}

} // namespace helix::worker
