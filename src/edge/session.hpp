// Owns: one client's connection, from its first byte to its end: a request, its answer, its log line, the next request.
// listener.cpp starts it.
#pragma once

#include "edge/deadlines.hpp"
#include "edge/limits.hpp"
#include "edge/proxies.hpp"
#include "edge/request_reader.hpp"
#include "edge/service.hpp"
#include "edge/stream.hpp"

#include <array>
#include <optional>

namespace helix::edge {

// What all sessions share.
struct Shared {
    const Options& options;
    Deadlines& deadlines;
    Limits& limits;
    const Proxies& proxies;
    Service& service;
    std::size_t answering = 0; // requests that have arrived in full
    bool is_leaving = false;   // answers end their connections
};

class Session : public Watched {
  public:
    // `address` is the client's, empty on a Unix socket. With a `refusal`, that is the only answer.
    Session(Shared& shared, std::unique_ptr<Stream> stream, std::string address, std::optional<Refusal> refusal);

    asio::awaitable<void> run();

    void expire() override;

  private:
    asio::awaitable<bool> next_request();
    asio::awaitable<bool> read_header();
    asio::awaitable<bool> read_body();
    bool have_come(std::size_t count) const;
    void identify();
    void take_slots();
    asio::awaitable<bool> answer();
    void keep_in_memory(Response& response);
    asio::awaitable<bool> send(const Response& response, bool last);
    asio::awaitable<void> send_refusal(const Refusal& refusal);
    asio::awaitable<void> linger();
    void log(const Response& response) const;

    Shared& shared_;
    std::unique_ptr<Stream> stream_;
    std::string address_;
    std::optional<Refusal> refusal_;
    RequestReader reader_;
    Route route_;
    Limits::Slot request_slot_;
    Limits::Slot memory_slot_;
    Limits::Slot answer_slot_;
    Limits::Slot address_slot_;
    Clock::time_point began_;
    bool expired_ = false;
    std::array<char, 4096> buffer_;
};

} // namespace helix::edge
