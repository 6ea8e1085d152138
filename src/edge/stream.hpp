// Owns: the bytes of one client's connection, plain or by TLS. session.cpp reads and writes by it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <memory>
#include <string_view>

namespace boost::asio::ssl {
class context;
}

namespace helix::edge {

namespace asio = boost::asio;

using Socket = asio::generic::stream_protocol::socket;

class Stream {
  public:
    Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    virtual ~Stream() = default;

    // What comes before any request; false where it fails.
    virtual asio::awaitable<bool> start() = 0;

    // Bytes, at least one; 0 where the client has ended, the connection failed, or cancel() was called.
    virtual asio::awaitable<std::size_t> read(char* bytes, std::size_t size) = 0;

    // Both parts in full; false where that fails.
    virtual asio::awaitable<bool> write(std::string_view head, std::string_view body) = 0;

    // Ends what runs.
    virtual void cancel() = 0;

    // Has what the client has not taken thrown away with the connection; else the system would keep it for long.
    virtual void abandon() = 0;

    // Tells the client that nothing more comes.
    virtual asio::awaitable<void> finish() = 0;
};

std::unique_ptr<Stream> plain_stream(Socket socket);
std::unique_ptr<Stream> tls_stream(Socket socket, std::shared_ptr<asio::ssl::context> context);

} // namespace helix::edge
