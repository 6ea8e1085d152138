// Sockets of the fault proxy: descriptors that close themselves, and addresses that are listened at or connected to.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

class Descriptor {
  public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor() {
        if (fd_ >= 0) {
            close(fd_);
        }
    }
    int get() const { return fd_; }

  private:
    int fd_;
};

// A unix socket's path or an IPv4 address with a port.
class Address {
  public:
    explicit Address(const std::string& text) {
        const auto colon = text.rfind(':');
        if (text.find('/') == std::string::npos && colon != std::string::npos) {
            inet_.sin_family = AF_INET;
            inet_.sin_port = htons(static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1))));
            if (inet_pton(AF_INET, text.substr(0, colon).c_str(), &inet_.sin_addr) != 1) {
                throw std::runtime_error("not an address: " + text);
            }
            return;
        }
        if (text.size() >= sizeof unix_.sun_path) {
            throw std::runtime_error("too long for a socket's path: " + text);
        }
        path_ = text;
        unix_.sun_family = AF_UNIX;
        std::memcpy(unix_.sun_path, text.c_str(), text.size() + 1);
    }

    Descriptor listen() const {
        Descriptor fd = open();
        const int yes = 1;
        setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        unlink_path();
        if (bind(fd.get(), data(), size()) < 0 || ::listen(fd.get(), 512) < 0) {
            throw std::runtime_error(std::string("cannot listen: ") + std::strerror(errno));
        }
        return fd;
    }

    // Nothing where nobody listens. A TCP connection may still be on its way: writing waits for it.
    std::optional<Descriptor> connect() const {
        Descriptor fd = open();
        if (::connect(fd.get(), data(), size()) < 0 && errno != EINPROGRESS) {
            return std::nullopt;
        }
        no_delay(fd.get());
        return fd;
    }

    void no_delay(int fd) const {
        const int yes = 1;
        if (path_.empty()) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        }
    }

    void unlink_path() const {
        if (!path_.empty()) {
            unlink(path_.c_str());
        }
    }

  private:
    Descriptor open() const {
        Descriptor fd(socket(data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (fd.get() < 0) {
            throw std::runtime_error(std::string("no socket: ") + std::strerror(errno));
        }
        return fd;
    }
    const sockaddr* data() const {
        return path_.empty() ? reinterpret_cast<const sockaddr*>(&inet_) : reinterpret_cast<const sockaddr*>(&unix_);
    }
    socklen_t size() const { return path_.empty() ? sizeof inet_ : sizeof unix_; }

    std::string path_;
    sockaddr_in inet_{};
    sockaddr_un unix_{};
};
