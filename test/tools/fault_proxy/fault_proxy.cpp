// A fault proxy for tests: fault_proxy LISTEN UPSTREAM forwards a byte stream and breaks it as told. Each address is a
// unix socket's path or 127.0.0.1:port. Commands come as lines on stdin; each is answered with `ok` on stdout once it
// is in force:
//   pass                 forward everything (the mode at the start)
//   cut                  close all connections and refuse new ones
//   cut_after N          cut each connection after N bytes from the server
//   cut_request_after N  cut each connection after N bytes from the client
//   delay MS             hold every byte back that long, in each direction
//   drip MS              one byte per MS from the server
//   stall                accept and read, forward nothing, hold; what is held goes out when the mode changes
//   garble N             flip a bit in the N-th byte from the server of each connection
//   count                changes nothing; answers `ok TO_SERVER TO_CLIENT CONNECTIONS`: bytes forwarded, connections so
//   far
// A mode applies to the connections that are open and to new ones; N counts from the command or the connection's start.
#include "socket.hpp"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <list>
#include <sstream>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t most_held = 8 << 20; // of one direction; more stays in the sender's socket

enum class Fault { pass, cut, cut_after, cut_request_after, delay, drip, stall, garble };

struct Mode {
    Fault fault = Fault::pass;
    std::uint64_t amount = 0;
};

// One direction of a connection: what has been read and not yet been written.
class Direction {
  public:
    Direction(int from, int to, bool from_server) : from_(from), to_(to), from_server_(from_server) {}

    void restart_counting() { read_ = written_ = 0; }
    bool wants_input() const { return !ended_ && held_ < most_held; }
    bool wants_output() const { return blocked_; }
    bool holds_bytes() const { return !chunks_.empty() && !dead_; }
    bool finished() const { return dead_ || (ended_ && chunks_.empty()); }
    std::uint64_t take_forwarded() { return std::exchange(forwarded_, 0); }

    void read(const Mode& mode) {
        char buffer[65536];
        const ssize_t got = recv(from_, buffer, sizeof buffer, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (got <= 0) {
            ended_ = true;
            return;
        }
        const auto count = static_cast<std::uint64_t>(got);
        if (mode.fault == Fault::garble && from_server_ && mode.amount > read_ && mode.amount <= read_ + count) {
            buffer[mode.amount - read_ - 1] ^= 1;
        }
        read_ += count;
        held_ += count;
        chunks_.push_back({Clock::now(), std::string(buffer, count)});
    }

    // Writes what the mode lets go now; false when the connection is to be cut.
    bool write(const Mode& mode) {
        blocked_ = false;
        while (!chunks_.empty() && !dead_) {
            if (is_used_up(mode)) {
                return false;
            }
            std::string& bytes = chunks_.front().bytes;
            const std::size_t allowed = allowance(mode);
            if (allowed == 0) {
                return true;
            }
            const ssize_t sent = send(to_, bytes.data(), allowed, MSG_NOSIGNAL);
            if (sent < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)) {
                blocked_ = true;
                return true;
            }
            if (sent < 0) {
                dead_ = true; // the receiver has gone
                return true;
            }
            sent_bytes(static_cast<std::size_t>(sent), mode);
        }
        return written_ == 0 || !is_used_up(mode);
    }

    // When the next byte that is held back may go.
    std::optional<Clock::time_point> due(const Mode& mode) const {
        if (chunks_.empty() || blocked_ || dead_) {
            return std::nullopt;
        }
        if (mode.fault == Fault::delay) {
            return chunks_.front().arrived + Milliseconds(mode.amount);
        }
        if (mode.fault == Fault::drip && from_server_) {
            return next_drip_;
        }
        return std::nullopt;
    }

  private:
    struct Chunk {
        Clock::time_point arrived;
        std::string bytes;
    };

    bool is_limited(const Mode& mode) const {
        return mode.fault == (from_server_ ? Fault::cut_after : Fault::cut_request_after);
    }
    bool is_used_up(const Mode& mode) const { return is_limited(mode) && written_ >= mode.amount; }

    // How many bytes of the first chunk may go now.
    std::size_t allowance(const Mode& mode) const {
        const std::size_t size = chunks_.front().bytes.size();
        if (mode.fault == Fault::stall) {
            return 0;
        }
        if (is_limited(mode)) {
            return std::min<std::uint64_t>(size, mode.amount - written_);
        }
        if (const auto at = due(mode); at && *at > Clock::now()) {
            return 0;
        }
        return mode.fault == Fault::drip && from_server_ ? 1 : size;
    }

    void sent_bytes(std::size_t count, const Mode& mode) {
        written_ += count;
        forwarded_ += count;
        held_ -= count;
        chunks_.front().bytes.erase(0, count);
        if (chunks_.front().bytes.empty()) {
            chunks_.pop_front();
        }
        if (mode.fault == Fault::drip) {
            next_drip_ = Clock::now() + Milliseconds(mode.amount);
        }
    }

    int from_, to_;
    bool from_server_;
    bool ended_ = false, blocked_ = false, dead_ = false;
    std::deque<Chunk> chunks_;
    std::size_t held_ = 0;
    std::uint64_t read_ = 0, written_ = 0, forwarded_ = 0;
    Clock::time_point next_drip_{};
};

struct Connection {
    Connection(Descriptor client_fd, Descriptor server_fd)
        : client(std::move(client_fd)), server(std::move(server_fd)), up(client.get(), server.get(), false),
          down(server.get(), client.get(), true) {}
    Descriptor client, server;
    Direction up, down;
};

class Proxy {
  public:
    Proxy(const std::string& listen_at, const std::string& upstream) : address_(listen_at), upstream_(upstream) {
        listener_ = address_.listen();
    }
    ~Proxy() { address_.unlink_path(); }

    // One round of the loop; false at the end of stdin.
    bool step() {
        std::vector<pollfd> fds = descriptors();
        if (poll(fds.data(), fds.size(), timeout()) < 0 && errno != EINTR) {
            throw std::runtime_error(std::string("poll: ") + std::strerror(errno));
        }
        serve_all(fds);
        if (fds[1].revents != 0) {
            accept_all();
        }
        return fds[0].revents == 0 || read_commands();
    }

  private:
    // stdin, the listener, then client and server of each connection. One that has nothing to wait for is left out by
    // -1: a peer that has gone would wake poll without end.
    std::vector<pollfd> descriptors() const {
        std::vector<pollfd> fds{{STDIN_FILENO, POLLIN, 0}, {listener_.get(), POLLIN, 0}};
        const auto add = [&fds](int fd, const Direction& from, const Direction& to) {
            const int events = (from.wants_input() ? POLLIN : 0) | (to.wants_output() ? POLLOUT : 0);
            fds.push_back({events != 0 ? fd : -1, static_cast<short>(events), 0});
        };
        for (const Connection& connection : connections_) {
            add(connection.client.get(), connection.up, connection.down);
            add(connection.server.get(), connection.down, connection.up);
        }
        return fds;
    }

    int timeout() const {
        std::optional<Clock::time_point> first;
        for (const Connection& connection : connections_) {
            for (const Direction* direction : {&connection.up, &connection.down}) {
                if (const auto at = direction->due(mode_); at && (!first || *at < *first)) {
                    first = at;
                }
            }
        }
        if (!first) {
            return -1;
        }
        const auto left = std::chrono::ceil<Milliseconds>(*first - Clock::now()).count();
        return static_cast<int>(std::max<std::int64_t>(left, 0));
    }

    void serve_all(const std::vector<pollfd>& fds) {
        std::size_t index = 2;
        for (auto connection = connections_.begin(); connection != connections_.end(); index += 2) {
            const auto here = connection++;
            if (!serve(*here, fds[index].revents, fds[index + 1].revents)) {
                connections_.erase(here);
            }
        }
    }

    // False when the connection is over. What a client has sent before it left still reaches the server, however late.
    bool serve(Connection& connection, int client_events, int server_events) {
        if ((client_events & ~POLLOUT) != 0) {
            connection.up.read(mode_);
        }
        if ((server_events & ~POLLOUT) != 0) {
            connection.down.read(mode_);
        }
        const bool open = connection.up.write(mode_) && connection.down.write(mode_);
        to_server_ += connection.up.take_forwarded();
        to_client_ += connection.down.take_forwarded();
        return open && !connection.up.finished() && (!connection.down.finished() || connection.up.holds_bytes());
    }

    void accept_all() {
        for (;;) {
            Descriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (client.get() < 0) {
                return;
            }
            address_.no_delay(client.get());
            ++accepted_;
            if (auto server = upstream_.connect()) {
                connections_.emplace_back(std::move(client), std::move(*server));
            }
        }
    }

    bool read_commands() {
        char buffer[4096];
        const ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
        if (got <= 0) {
            return false;
        }
        input_.append(buffer, static_cast<std::size_t>(got));
        for (std::size_t end; (end = input_.find('\n')) != std::string::npos; input_.erase(0, end + 1)) {
            std::printf("%s\n", obey(input_.substr(0, end)).c_str());
            std::fflush(stdout);
        }
        return true;
    }

    std::string obey(const std::string& line) {
        static constexpr const char* names[] = {"pass",  "cut",  "cut_after", "cut_request_after",
                                                "delay", "drip", "stall",     "garble"};
        std::istringstream words(line);
        std::string name;
        words >> name;
        if (name == "count") {
            return "ok " + std::to_string(to_server_) + ' ' + std::to_string(to_client_) + ' ' +
                   std::to_string(accepted_);
        }
        const auto* const found = std::find(std::begin(names), std::end(names), name);
        if (found == std::end(names)) {
            return "error: unknown command: " + line;
        }
        Mode mode{static_cast<Fault>(found - std::begin(names))};
        const bool needs_amount = mode.fault != Fault::pass && mode.fault != Fault::cut && mode.fault != Fault::stall;
        if (needs_amount && !(words >> mode.amount)) {
            return "error: a number is missing: " + line;
        }
        change(mode);
        return "ok";
    }

    void change(const Mode& mode) {
        mode_ = mode;
        for (Connection& connection : connections_) {
            connection.up.restart_counting();
            connection.down.restart_counting();
        }
        if (mode.fault == Fault::cut) {
            connections_.clear();
            listener_ = Descriptor();
            address_.unlink_path();
        } else if (listener_.get() < 0) {
            listener_ = address_.listen();
        }
        serve_all(std::vector<pollfd>(2 + 2 * connections_.size())); // what was held back may go now
    }

    Address address_, upstream_;
    Descriptor listener_;
    std::list<Connection> connections_;
    Mode mode_;
    std::string input_;
    std::uint64_t to_server_ = 0, to_client_ = 0, accepted_ = 0;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s LISTEN UPSTREAM\n", argv[0]);
        return 2;
    }
    try {
        Proxy proxy(argv[1], argv[2]);
        while (proxy.step()) {
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fault_proxy: %s\n", error.what());
        return 1;
    }
    return 0;
}
