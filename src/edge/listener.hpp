// Owns: the addresses that clients connect to, and what becomes of a new connection. server.cpp starts it.
#pragma once

#include "edge/certificate.hpp"
#include "edge/session.hpp"

#include <functional>

namespace helix::edge {

class Listener {
  public:
    Listener(const asio::any_io_executor& executor, Shared& shared, Certificate& certificate);
    ~Listener();

    // Listens at ADDRESS:PORT or unix:/PATH, and says so on standard error. Throws std::exception where it cannot.
    void listen(const std::string& address);

    // Takes no more connections.
    void close();

  private:
    template <typename Acceptor>
    void add(Acceptor acceptor);
    template <typename Acceptor>
    asio::awaitable<void> accept_from(Acceptor& acceptor);
    void listen_unix(const std::string& path);
    void listen_tcp(const std::string& address);
    void start(Socket socket, const std::string& address, bool is_unix);

    asio::any_io_executor executor_;
    Shared& shared_;
    Certificate& certificate_;
    std::vector<std::function<void()>> closers_;
    std::vector<std::string> paths_; // of Unix sockets
    std::size_t refusing_ = 0;
};

} // namespace helix::edge
