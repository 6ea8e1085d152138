// Owns: the socket of a connection to Redis, plain or with TLS, with a deadline on everything. Used by connection.cpp.
#pragma once

#include "redis/deadline.hpp"
#include "redis/redis_url.hpp"

#include <array>
#include <memory>
#include <string_view>

struct ssl_st;

namespace helix::redis {

class Stream {
  public:
    // Connects to a numeric host or a socket. With TLS the certificate must be the server name's, by the authorities in
    // `ca_file`, or the system's where that is empty. Throws Failure, as all of these do.
    Stream(const Address& address, const std::string& ca_file, Deadline deadline);
    Stream(Stream&&) = default;
    Stream& operator=(Stream&&) = default;
    ~Stream();

    // Sends all of it.
    void write(std::string_view bytes, Deadline deadline);

    // The next bytes, at least one. They stay until the next call.
    std::string_view read(Deadline deadline);

    // The bytes that have come by now; never waits.
    std::string_view arrived();

  private:
    struct Close {
        void operator()(const int* descriptor) const;
    };
    struct FreeTls {
        void operator()(ssl_st* tls) const;
    };
    using Buffer = std::array<char, 16'384>;

    // How many bytes went through at once. Where none did, what to wait for (POLLIN or POLLOUT).
    struct Attempt {
        std::size_t bytes;
        short wait_for;
    };
    Attempt try_write(std::string_view bytes);
    Attempt try_read();
    Attempt tls_attempt(int result, const char* doing) const;
    void connect(const Address& address, Deadline deadline);
    void wait_for(short events, Deadline deadline) const;
    void start_tls(const Address& address, const std::string& ca_file, Deadline deadline);

    std::unique_ptr<int, Close> socket_;
    std::unique_ptr<ssl_st, FreeTls> tls_; // null: plain
    std::unique_ptr<Buffer> buffer_ = std::make_unique<Buffer>();
};

} // namespace helix::redis
