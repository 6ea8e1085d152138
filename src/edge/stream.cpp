// Streams by Asio.
#include "edge/stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>

namespace helix::edge {

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

template <typename AsyncStream>
asio::awaitable<std::size_t> read_some(AsyncStream& stream, char* bytes, std::size_t size) {
    const auto [error, count] = co_await stream.async_read_some(asio::buffer(bytes, size), quietly);
    co_return error ? 0 : count;
}

template <typename AsyncStream>
asio::awaitable<bool> write_both(AsyncStream& stream, std::string_view head, std::string_view body) {
    const std::array buffers{asio::buffer(head.data(), head.size()), asio::buffer(body.data(), body.size())};
    const auto [error, size] = co_await asio::async_write(stream, buffers, quietly);
    co_return !error;
}

// Closed here: its destructor would linger after all.
void throw_away(Socket& socket) {
    boost::system::error_code ignored;
    socket.set_option(Socket::linger(true, 0), ignored);
    socket.close(ignored);
}

class Plain final : public Stream {
  public:
    explicit Plain(Socket socket) : socket_(std::move(socket)) {
        boost::system::error_code ignored;
        socket_.non_blocking(true, ignored);
    }

    asio::awaitable<bool> start() override { co_return true; }

    asio::awaitable<std::size_t> read(char* bytes, std::size_t size) override {
        return read_some(socket_, bytes, size);
    }

    asio::awaitable<bool> write(std::string_view head, std::string_view body) override {
        std::array parts{head, body};
        if (write_at_once(parts)) {
            co_return true;
        }
        co_return co_await write_both(socket_, parts[0], parts[1]);
    }

    void cancel() override {
        boost::system::error_code ignored;
        socket_.cancel(ignored);
    }

    void abandon() override { throw_away(socket_); }

    asio::awaitable<void> finish() override {
        boost::system::error_code ignored;
        socket_.shutdown(Socket::shutdown_send, ignored);
        co_return;
    }

  private:
    // Nearly all answers fit into the socket's buffer: then nothing waits for the loop. What is left stays in `parts`.
    bool write_at_once(std::array<std::string_view, 2>& parts) {
        const std::array buffers{asio::buffer(parts[0].data(), parts[0].size()),
                                 asio::buffer(parts[1].data(), parts[1].size())};
        boost::system::error_code error;
        std::size_t written = socket_.write_some(buffers, error);
        for (std::string_view& part : parts) {
            const std::size_t taken = std::min(written, part.size());
            part.remove_prefix(taken);
            written -= taken;
        }
        return parts[0].empty() && parts[1].empty();
    }

    Socket socket_;
};

class Tls final : public Stream {
  public:
    Tls(Socket socket, std::shared_ptr<asio::ssl::context> context)
        : context_(std::move(context)), stream_(std::move(socket), *context_) {}

    asio::awaitable<bool> start() override {
        const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, quietly);
        co_return !error;
    }

    asio::awaitable<std::size_t> read(char* bytes, std::size_t size) override {
        return read_some(stream_, bytes, size);
    }

    asio::awaitable<bool> write(std::string_view head, std::string_view body) override {
        return write_both(stream_, head, body);
    }

    void cancel() override {
        boost::system::error_code ignored;
        stream_.next_layer().cancel(ignored);
    }

    void abandon() override { throw_away(stream_.next_layer()); }

    // Only its own half: a client that never answers is not waited for.
    asio::awaitable<void> finish() override {
        SSL_shutdown(stream_.native_handle());
        boost::system::error_code ignored;
        stream_.next_layer().shutdown(Socket::shutdown_send, ignored);
        co_return;
    }

  private:
    std::shared_ptr<asio::ssl::context> context_; // the one that it began with, whatever the files hold now
    asio::ssl::stream<Socket> stream_;
};

} // namespace

std::unique_ptr<Stream> plain_stream(Socket socket) {
    return std::make_unique<Plain>(std::move(socket));
}

std::unique_ptr<Stream> tls_stream(Socket socket, std::shared_ptr<asio::ssl::context> context) {
    return std::make_unique<Tls>(std::move(socket), std::move(context));
}

} // namespace helix::edge
