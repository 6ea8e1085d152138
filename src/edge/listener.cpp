// Accepting connections.
#include "edge/listener.hpp"

#include "core/numbers.hpp"
#include "edge/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace helix::edge {

namespace {

using Tcp = asio::ip::tcp;
using Unix = asio::local::stream_protocol;

constexpr std::chrono::milliseconds pause{100}; // when there are no descriptors left
constexpr std::size_t most_refusing = 200;      // connections that are told why they are refused

std::string address_of(const Tcp::socket& socket) {
    boost::system::error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    return error ? "unknown" : endpoint.address().to_string();
}

std::string address_of(const Unix::socket&) {
    return {};
}

// Answers are written whole: there is nothing to wait for.
void set_options(Tcp::socket& socket) {
    boost::system::error_code ignored;
    socket.set_option(Tcp::no_delay(true), ignored);
}

void set_options(Unix::socket&) {}

bool is_socket(const std::string& path) {
    struct stat file {};
    return lstat(path.c_str(), &file) == 0 && S_ISSOCK(file.st_mode);
}

[[noreturn]] void refuse(const std::string& address) {
    throw std::invalid_argument("--listen: \"" + address + "\" is neither ADDRESS:PORT nor unix:/PATH");
}

Tcp::endpoint endpoint_of(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) {
        refuse(text);
    }
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    boost::system::error_code error;
    const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
    const auto port = whole_number<unsigned short>(std::string_view(text).substr(colon + 1));
    if (error || !port) {
        refuse(text);
    }
    return {address, *port};
}

// A session with what counts it, as long as it runs.
asio::awaitable<void> run_session(Shared& shared, std::unique_ptr<Stream> stream, std::string address,
                                  std::optional<Refusal> refusal, [[maybe_unused]] std::array<Limits::Slot, 2> slots,
                                  std::size_t& refusing) {
    const bool refuses = refusal.has_value();
    {
        Session session(shared, std::move(stream), std::move(address), std::move(refusal));
        co_await session.run();
    }
    refusing -= refuses ? 1 : 0;
}

} // namespace

Listener::Listener(const asio::any_io_executor& executor, Shared& shared, Certificate& certificate)
    : executor_(executor), shared_(shared), certificate_(certificate) {}

Listener::~Listener() {
    close();
}

void Listener::close() {
    for (const auto& closer : closers_) {
        closer();
    }
    for (const std::string& path : paths_) {
        unlink(path.c_str());
    }
    paths_.clear();
}

void Listener::listen(const std::string& address) {
    constexpr std::string_view prefix = "unix:";
    if (address.starts_with(prefix)) {
        listen_unix(address.substr(prefix.size()));
    } else {
        listen_tcp(address);
    }
}

// A socket that a killed program has left is replaced; one that somebody answers is not.
void Listener::listen_unix(const std::string& path) {
    if (!path.starts_with('/')) {
        refuse("unix:" + path);
    }
    Unix::socket probe(executor_);
    boost::system::error_code error;
    probe.connect(Unix::endpoint(path), error);
    if (!error) {
        throw std::invalid_argument("--listen: somebody listens at " + path + " already");
    }
    if (error == asio::error::connection_refused && is_socket(path)) {
        unlink(path.c_str());
    }
    asio::basic_socket_acceptor<Unix> acceptor(executor_, Unix::endpoint(path));
    paths_.push_back(path);
    log_event("listening on unix:" + path);
    add(std::move(acceptor));
}

void Listener::listen_tcp(const std::string& address) {
    Tcp::acceptor acceptor(executor_, endpoint_of(address));
    const auto endpoint = acceptor.local_endpoint();
    const std::string host = endpoint.address().to_string();
    log_event("listening on " + (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" +
              std::to_string(endpoint.port()));
    add(std::move(acceptor));
}

template <typename Acceptor>
void Listener::add(Acceptor acceptor) {
    auto shared = std::make_shared<Acceptor>(std::move(acceptor));
    closers_.emplace_back([shared] {
        boost::system::error_code ignored;
        shared->close(ignored);
    });
    asio::co_spawn(executor_, accept_from(*shared), asio::detached);
}

template <typename Acceptor>
asio::awaitable<void> Listener::accept_from(Acceptor& acceptor) {
    while (acceptor.is_open()) {
        auto [error, socket] = co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
        if (error) {
            asio::steady_timer timer(executor_, pause);
            co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
            continue;
        }
        set_options(socket);
        const std::string address = address_of(socket);
        start(Socket(std::move(socket)), address, std::is_same_v<typename Acceptor::protocol_type, Unix>);
    }
}

void Listener::start(Socket socket, const std::string& address, bool is_unix) {
    std::optional<Refusal> refusal;
    std::array<Limits::Slot, 2> slots{shared_.limits.connection(), {}};
    if (!slots[0]) {
        refusal.emplace(503, "503", "there are too many connections");
    } else if (!shared_.proxies.is_proxy(address) && !(slots[1] = shared_.limits.address(address))) {
        refusal.emplace(429, "429", "there are too many connections of this address");
    }
    if (refusal && refusing_++ >= most_refusing) {
        --refusing_;
        return;
    }
    const auto context = is_unix ? nullptr : certificate_.current();
    auto stream = context == nullptr ? plain_stream(std::move(socket)) : tls_stream(std::move(socket), context);
    asio::co_spawn(executor_,
                   run_session(shared_, std::move(stream), address, std::move(refusal), std::move(slots), refusing_),
                   asio::detached);
}

} // namespace helix::edge
