// Sends and receives bytes by a socket that never blocks. OpenSSL keeps its errors in a queue that the server's own
// connections share: it is emptied before each call.
#include "redis/stream.hpp"

#include "redis/reply.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace helix::redis {

namespace {

constexpr const char* connecting = "could not connect to Redis";

Failure system_failure(const char* doing, int code) {
    return Failure(std::string(doing) + ": " + strerror(code));
}

Failure late_failure() {
    Failure late("no answer from Redis in time");
    late.is_late = true;
    return late;
}

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress unix_address(const std::string& path) {
    sockaddr_un name{};
    if (path.size() >= sizeof(name.sun_path)) {
        throw system_failure(connecting, ENAMETOOLONG);
    }
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path.data(), path.size());
    SocketAddress address;
    std::memcpy(&address.storage, &name, sizeof(name));
    address.length = sizeof(name);
    return address;
}

SocketAddress tcp_address(const std::string& host, int port) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found); error != 0) {
        throw Failure(std::string(connecting) + ": " + gai_strerror(error));
    }
    SocketAddress address;
    std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
    address.length = found->ai_addrlen;
    freeaddrinfo(found);
    return address;
}

std::string tls_error() {
    const auto code = ERR_peek_error();
    const char* reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "the connection was cut";
}

struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

std::unique_ptr<SSL_CTX, FreeContext> tls_context(const std::string& ca_file) {
    std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_client_method()));
    if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
        throw Failure("no TLS to be had: " + tls_error());
    }
    const int read = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                     : SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr);
    if (read != 1) {
        throw Failure("could not read the certificates of helix.redis_ca_file: " + tls_error(),
                      "It must be a file of certificates in PEM form that the server may read.");
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

bool is_numeric(const std::string& host) {
    in6_addr address{};
    return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// Whom the certificate must be for.
void expect_server(SSL* tls, const std::string& name) {
    SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool set = is_numeric(name)
                         ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), name.c_str()) == 1
                         : SSL_set1_host(tls, name.c_str()) == 1 && SSL_set_tlsext_host_name(tls, name.c_str()) == 1;
    if (!set) {
        throw Failure("no TLS with Redis: \"" + name + "\" is no name of a server");
    }
}

Failure handshake_failure(const SSL* tls, const std::string& name) {
    if (const long verified = SSL_get_verify_result(tls); verified != X509_V_OK) {
        return Failure(
            "the certificate of Redis is refused for \"" + name + "\": " + X509_verify_cert_error_string(verified),
            "Let helix.redis_ca_file name the authority that has signed it, and helix.redis_url the host that "
            "it is for.");
    }
    return Failure("no TLS with Redis: " + tls_error(), "Does Redis use TLS at this port (tls-port)?");
}

} // namespace

void Stream::Close::operator()(const int* descriptor) const {
    if (*descriptor >= 0) {
        close(*descriptor);
    }
    delete descriptor;
}

void Stream::FreeTls::operator()(ssl_st* tls) const {
    SSL_free(tls);
}

Stream::~Stream() = default;

Stream::Stream(const Address& address, const std::string& ca_file, Deadline deadline) : socket_(new int(-1)) {
    connect(address, deadline);
    if (address.tls) {
        start_tls(address, ca_file, deadline);
    }
}

void Stream::connect(const Address& address, Deadline deadline) {
    const auto where = address.socket.empty() ? tcp_address(address.host, address.port) : unix_address(address.socket);
    *socket_ = ::socket(where.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*socket_ < 0) {
        throw system_failure(connecting, errno);
    }
    if (address.socket.empty()) {
        const int at_once = 1;
        setsockopt(*socket_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
    }
    if (::connect(*socket_, where.get(), where.length) != 0 && errno != EINPROGRESS) {
        throw system_failure(connecting, errno);
    }
    wait_for(POLLOUT, deadline);
    int error = 0;
    socklen_t length = sizeof(error);
    if (getsockopt(*socket_, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
        throw system_failure(connecting, error != 0 ? error : errno);
    }
}

void Stream::start_tls(const Address& address, const std::string& ca_file, Deadline deadline) {
    const auto& name = address.server_name.empty() ? address.host : address.server_name;
    ERR_clear_error();
    const auto context = tls_context(ca_file);
    tls_.reset(SSL_new(context.get())); // it keeps the context
    if (!tls_ || SSL_set_fd(tls_.get(), *socket_) != 1) {
        throw Failure("no TLS to be had: " + tls_error());
    }
    expect_server(tls_.get(), name);
    for (;;) {
        ERR_clear_error();
        const int result = SSL_connect(tls_.get());
        if (result == 1) {
            return;
        }
        const int error = SSL_get_error(tls_.get(), result);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
            throw handshake_failure(tls_.get(), name);
        }
        wait_for(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline);
    }
}

void Stream::wait_for(short events, Deadline deadline) const {
    for (;;) {
        const auto left_ms = ms_until(deadline);
        pollfd socket{*socket_, events, 0};
        const int ready = left_ms > 0 ? poll(&socket, 1, static_cast<int>(left_ms)) : 0;
        if (ready > 0) {
            return; // an error or a hang-up shows in the next read or write
        }
        if (ready == 0) {
            throw late_failure();
        }
        if (errno != EINTR) {
            throw system_failure("could not wait for Redis", errno);
        }
    }
}

Stream::Attempt Stream::tls_attempt(int result, const char* doing) const {
    if (result > 0) {
        return {static_cast<std::size_t>(result), 0};
    }
    switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
        return {0, POLLIN};
    case SSL_ERROR_WANT_WRITE:
        return {0, POLLOUT};
    case SSL_ERROR_ZERO_RETURN:
        throw Failure(std::string(doing) + ": it has closed the connection");
    default:
        break;
    }
    const bool wants_certificate = ERR_GET_REASON(ERR_peek_error()) == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED;
    throw Failure(std::string(doing) + ": " + tls_error(),
                  wants_certificate ? "Redis asks for a certificate of its clients: set tls-auth-clients to no there."
                                    : "");
}

Stream::Attempt Stream::try_write(std::string_view bytes) {
    constexpr const char* doing = "could not write to Redis";
    if (tls_) {
        ERR_clear_error();
        return tls_attempt(
            SSL_write(tls_.get(), bytes.data(), static_cast<int>(std::min(bytes.size(), buffer_->size()))), doing);
    }
    const ssize_t sent = ::send(*socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        throw system_failure(doing, errno);
    }
    return {sent > 0 ? static_cast<std::size_t>(sent) : 0, POLLOUT};
}

Stream::Attempt Stream::try_read() {
    constexpr const char* doing = "could not read from Redis";
    if (tls_) {
        ERR_clear_error();
        return tls_attempt(SSL_read(tls_.get(), buffer_->data(), static_cast<int>(buffer_->size())), doing);
    }
    const ssize_t read = recv(*socket_, buffer_->data(), buffer_->size(), 0);
    if (read == 0) {
        throw Failure(std::string(doing) + ": it has closed the connection");
    }
    if (read < 0 && errno != EAGAIN && errno != EINTR) {
        throw system_failure(doing, errno);
    }
    return {read > 0 ? static_cast<std::size_t>(read) : 0, POLLIN};
}

void Stream::write(std::string_view bytes, Deadline deadline) {
    while (!bytes.empty()) {
        const auto attempt = try_write(bytes);
        bytes.remove_prefix(attempt.bytes);
        if (attempt.bytes == 0) {
            wait_for(attempt.wait_for, deadline);
        }
    }
}

std::string_view Stream::read(Deadline deadline) {
    for (;;) {
        if (ms_until(deadline) == 0) {
            throw late_failure(); // even where bytes come all the time
        }
        const auto attempt = try_read();
        if (attempt.bytes > 0) {
            return {buffer_->data(), attempt.bytes};
        }
        wait_for(attempt.wait_for, deadline);
    }
}

std::string_view Stream::arrived() {
    return {buffer_->data(), try_read().bytes};
}

} // namespace helix::redis
