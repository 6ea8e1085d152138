// Owns: which clients are proxies, and whom they speak for. It knows no socket. session.cpp asks it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace helix::edge {

class Proxies {
  public:
    // Addresses or networks (10.0.0.0/8). Throws std::invalid_argument where one is neither.
    explicit Proxies(const std::vector<std::string>& trusted);

    // A Unix socket has no address: whoever reaches it is a proxy.
    bool is_proxy(std::string_view address) const;

    // The client that X-Forwarded-For names: the last address that is no proxy. The proxy itself where there is none.
    std::string client_of(std::string_view proxy, std::string_view forwarded_for) const;

  private:
    struct Network {
        std::string bytes; // 4 or 16
        unsigned bits;
    };
    static Network network_of(const std::string& text);

    std::vector<Network> networks_;
};

} // namespace helix::edge
