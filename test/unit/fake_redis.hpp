// A server on a unix socket that behaves like Redis, or worse than it, as a test wants.
#pragma once

#include "redis/redis_url.hpp"
#include "temporary_folder.hpp"

#include <atomic>
#include <cstring>
#include <functional>
#include <mutex>
#include <optional>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace helix {

inline bool send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

// Reads until the other side closes.
inline void wait_for_end(int socket) {
    char bytes[4096];
    while (recv(socket, bytes, sizeof(bytes), 0) > 0) {
    }
}

// Takes commands, arrays of bulk strings, from a socket.
class CommandReader {
  public:
    explicit CommandReader(int socket) : socket_(socket) {}

    // The next command's words; nothing where the other side has closed.
    std::optional<std::vector<std::string>> next() {
        const auto count = number_after('*');
        std::vector<std::string> words;
        for (std::size_t i = 0; count && i < *count; ++i) {
            const auto length = number_after('$');
            if (!length || !fill(*length + 2)) {
                return std::nullopt;
            }
            words.push_back(take(*length + 2).substr(0, *length));
        }
        return count ? std::optional(words) : std::nullopt;
    }

    // Whether nothing of a further command has come yet.
    bool is_drained() const { return at_ == buffer_.size(); }

  private:
    std::optional<std::size_t> number_after(char kind) {
        std::size_t end = std::string::npos;
        while ((end = buffer_.find("\r\n", at_)) == std::string::npos) {
            if (!fill(buffer_.size() - at_ + 1)) {
                return std::nullopt;
            }
        }
        const auto line = take(end + 2 - at_);
        return line[0] == kind ? std::optional<std::size_t>(std::stoul(line.substr(1))) : std::nullopt;
    }

    bool fill(std::size_t wanted) {
        char bytes[65536];
        while (buffer_.size() - at_ < wanted) {
            const ssize_t length = recv(socket_, bytes, sizeof(bytes), 0);
            if (length <= 0) {
                return false;
            }
            buffer_.erase(0, at_);
            at_ = 0;
            buffer_.append(bytes, static_cast<std::size_t>(length));
        }
        return true;
    }

    std::string take(std::size_t length) {
        at_ += length;
        return buffer_.substr(at_ - length, length);
    }

    int socket_;
    std::string buffer_;
    std::size_t at_ = 0;
};

class FakeRedis {
  public:
    // `serve` has the connections one after the other, in a thread; each is closed when it returns. The test closes its
    // end before this object goes.
    explicit FakeRedis(std::function<void(int socket)> serve) : serve_(std::move(serve)) {
        listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
        const auto name = socket_name();
        if (bind(listener_, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0 ||
            listen(listener_, 16) != 0) {
            throw std::runtime_error("cannot listen");
        }
        thread_ = std::thread([this] { accept_all(); });
    }
    FakeRedis(const FakeRedis&) = delete;
    FakeRedis& operator=(const FakeRedis&) = delete;
    ~FakeRedis() {
        stopping_ = true;
        const int waker = ::socket(AF_UNIX, SOCK_STREAM, 0);
        const auto name = socket_name();
        connect(waker, reinterpret_cast<const sockaddr*>(&name), sizeof(name));
        thread_.join();
        close(waker);
        close(listener_);
    }

    redis::Address address() const {
        redis::Address address;
        address.socket = folder_.file("fake.sock");
        return address;
    }

  private:
    sockaddr_un socket_name() const {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        const auto path = folder_.file("fake.sock");
        std::memcpy(name.sun_path, path.c_str(), path.size());
        return name;
    }

    void accept_all() {
        for (;;) {
            const int socket = accept(listener_, nullptr, nullptr);
            if (!stopping_) {
                serve_(socket);
            }
            close(socket);
            if (stopping_) {
                return;
            }
        }
    }

    std::function<void(int)> serve_;
    TemporaryFolder folder_;
    int listener_ = -1;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

// Writes down every command and answers each with OK.
class WritingRedis {
  public:
    using Command = std::vector<std::string>;

    redis::Address address() const { return fake_.address(); }

    // What has come since it was asked last.
    std::vector<Command> commands() {
        const std::lock_guard hold(lock_);
        return std::exchange(commands_, {});
    }

  private:
    void serve(int socket) {
        CommandReader reader(socket);
        std::string answers; // together, as Redis does: the other side does not read while it writes
        while (auto command = reader.next()) {
            {
                const std::lock_guard hold(lock_);
                commands_.push_back(std::move(*command));
            }
            answers += "+OK\r\n";
            if (reader.is_drained()) {
                send_all(socket, std::exchange(answers, {}));
            }
        }
    }

    std::mutex lock_;
    std::vector<Command> commands_;
    FakeRedis fake_{[this](int socket) { serve(socket); }};
};

} // namespace helix
