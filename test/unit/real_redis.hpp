// A redis-server of a test's own on a unix socket. Tests that need one are skipped where none is installed.
#pragma once

#include "redis/connection.hpp"
#include "temporary_folder.hpp"

#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace helix {

class RealRedis {
  public:
    static bool installed() { return !program().empty(); }

    // `options` as on the command line: {"--requirepass", "x"}.
    explicit RealRedis(const std::vector<std::string>& options = {}) {
        std::vector<std::string> words{
            program(),      "--port", "0",     "--unixsocket", socket(),    "--save",           "",
            "--appendonly", "no",     "--dir", folder_.path(), "--logfile", folder_.file("log")};
        words.insert(words.end(), options.begin(), options.end());
        process_ = start(words);
        while (!answers()) {
            if (waitpid(process_, nullptr, WNOHANG) != 0) {
                process_ = 0;
                throw std::runtime_error("redis-server did not start");
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
    RealRedis(const RealRedis&) = delete;
    RealRedis& operator=(const RealRedis&) = delete;
    ~RealRedis() { stop(); }

    redis::Address address() const {
        redis::Address address;
        address.socket = socket();
        return address;
    }
    redis::Connection connect() const { return {address(), Secret(), redis::in(redis::Milliseconds(5000))}; }

    void stop() {
        if (process_ > 0) {
            kill(process_, SIGKILL);
            waitpid(process_, nullptr, 0);
            process_ = 0;
        }
    }

  private:
    static std::string program() {
        for (const char* path : {"/usr/bin/redis-server", "/usr/local/bin/redis-server"}) {
            if (access(path, X_OK) == 0) {
                return path;
            }
        }
        return {};
    }

    static pid_t start(const std::vector<std::string>& words) {
        std::vector<char*> arguments;
        for (const auto& word : words) {
            arguments.push_back(const_cast<char*>(word.c_str()));
        }
        arguments.push_back(nullptr);
        const pid_t process = fork();
        if (process == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            const int nowhere = open("/dev/null", O_WRONLY);
            dup2(nowhere, STDOUT_FILENO);
            dup2(nowhere, STDERR_FILENO);
            execv(arguments[0], arguments.data());
            _exit(127);
        }
        return process;
    }

    bool answers() const {
        try {
            connect(); // to a socket that is bound but not yet listened at fails
            return true;
        } catch (const redis::Failure&) {
            return false;
        }
    }

    std::string socket() const { return folder_.file("redis.sock"); }

    TemporaryFolder folder_;
    pid_t process_ = 0;
};

} // namespace helix
