// Owns: who calls, by the token that was sent. The server verifies a token; what it said is kept for a while by the
// token's digest. rpc.cpp and webhook.cpp ask it.
#pragma once

#include "edge/database.hpp"
#include "edge/request.hpp"

#include <array>
#include <list>
#include <memory>
#include <unordered_map>

namespace helix::edge {

struct Caller {
    std::string role;   // that the call takes on
    std::string claims; // JSON
    std::string user;   // a uuid; empty: nobody's
    bool is_service = false;
    bool may_record = false; // its role may execute record_operation_execution
    bool is_signed_in = false;
    Clock::time_point keep_until;
};

class Callers {
  public:
    explicit Callers(Database& database) : database_(database) {}

    // The caller of a request. Throws Refusal 401 where the token is not accepted.
    asio::awaitable<std::shared_ptr<const Caller>> caller_of(const Request& request);

    // The same without asking the server: null where it has to be asked.
    std::shared_ptr<const Caller> known_caller_of(const Request& request);

    // Whoever sends no token.
    asio::awaitable<std::shared_ptr<const Caller>> anonymous() { return verified({}); }

    static constexpr std::size_t most_kept = 20000; // some 1 kB each

  private:
    using Digest = std::array<unsigned char, 32>;
    struct HashOfDigest {
        std::size_t operator()(const Digest& digest) const;
    };
    struct Kept {
        Digest digest;
        std::shared_ptr<const Caller> caller;
    };

    static Digest digest_of(std::string_view token);
    asio::awaitable<std::shared_ptr<const Caller>> verified(std::string_view token);
    std::shared_ptr<const Caller> find(const Digest& digest);
    void keep(const Digest& digest, std::shared_ptr<const Caller> caller);

    Database& database_;
    std::list<Kept> kept_; // the last used first
    std::unordered_map<Digest, std::list<Kept>::iterator, HashOfDigest> places_;
};

} // namespace helix::edge
