// Requests of one connection, one after the other.
#include "edge/session.hpp"

#include "core/characters.hpp"
#include "edge/log.hpp"
#include "edge/response_head.hpp"

#include <algorithm>
#include <random>

namespace helix::edge {

namespace {

constexpr std::chrono::seconds refusing_time{2};             // for a connection that is one too many
constexpr std::chrono::seconds lingering_time{2};            // for what a refused client still sends
constexpr std::size_t most_lingering = std::size_t{4} << 20; // bytes
constexpr std::size_t small_answer = std::size_t{64} << 10;
constexpr std::size_t body_piece = std::size_t{64} << 10;

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 &&
           std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; });
}

// Random, so that ids of several edges differ.
std::string new_id() {
    static std::mt19937_64 random{std::random_device{}()};
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(random()));
    return text;
}

} // namespace

Session::Session(Shared& shared, std::unique_ptr<Stream> stream, std::string address, std::optional<Refusal> refusal)
    : Watched(shared.deadlines), shared_(shared), stream_(std::move(stream)), address_(std::move(address)),
      refusal_(std::move(refusal)) {}

void Session::expire() {
    expired_ = true;
    stream_->cancel();
}

asio::awaitable<void> Session::run() {
    std::optional<Refusal> refused;
    try {
        wait_no_longer_than(refusal_ ? refusing_time : shared_.options.request_time);
        bool goes_on = co_await stream_->start();
        while (goes_on) {
            goes_on = co_await next_request() && co_await answer();
        }
    } catch (const Refusal& refusal) {
        refused = refusal;
    }
    if (refused) {
        co_await send_refusal(*refused);
    }
    co_await stream_->finish();
}

// Whether bytes came before the end of the connection, and in time.
bool Session::have_come(std::size_t count) const {
    if (count == 0 && expired_ && reader_.has_begun()) {
        throw Refusal(408, "408", "the request did not arrive in time");
    }
    return count > 0;
}

asio::awaitable<bool> Session::next_request() {
    reader_.next();
    route_ = {};
    if (!co_await read_header()) {
        co_return false;
    }
    route_ = shared_.service.route(reader_.request());
    identify();
    if (refusal_) {
        throw Refusal(*refusal_);
    }
    take_slots();
    const bool complete = co_await read_body();
    wait_freely();
    co_return complete;
}

asio::awaitable<bool> Session::read_header() {
    wait_no_longer_than(refusal_ ? refusing_time : shared_.options.idle_time);
    auto state = reader_.feed({});
    bool timed = false;
    for (;;) {
        if (reader_.has_begun() && !timed) {
            timed = true;
            began_ = Clock::now();
            wait_no_longer_than(refusal_ ? refusing_time : shared_.options.request_time);
        }
        if (state != RequestReader::State::header) {
            co_return true;
        }
        const std::size_t count = co_await stream_->read(buffer_.data(), buffer_.size());
        if (!have_come(count)) {
            co_return false;
        }
        state = reader_.feed({buffer_.data(), count});
    }
}

asio::awaitable<bool> Session::read_body() {
    auto state = reader_.allow_body(route_.body_limit(shared_.options));
    if (reader_.expects_continue() && !co_await stream_->write("HTTP/1.1 100 Continue\r\n\r\n", {})) {
        co_return false;
    }
    std::string piece;
    while (state != RequestReader::State::done) {
        piece.resize(body_piece);
        const std::size_t count = co_await stream_->read(piece.data(), piece.size());
        if (!have_come(count)) {
            co_return false;
        }
        state = reader_.feed({piece.data(), count});
    }
    co_return true;
}

void Session::identify() {
    Request& request = reader_.request();
    const auto id = request.header("x-request-id");
    request.id = is_id(id) ? std::string(id) : new_id();
    request.address = shared_.proxies.is_proxy(address_)
                          ? shared_.proxies.client_of(address_, request.header("x-forwarded-for"))
                          : address_;
}

// Clients behind a proxy are counted by their requests, others by their connections.
void Session::take_slots() {
    const std::string& client = reader_.request().address;
    if (client != address_ && !(address_slot_ = shared_.limits.address(client))) {
        throw Refusal(429, "429", "there are too many requests of this address");
    }
    if (!(request_slot_ = shared_.limits.request())) {
        throw Refusal(503, "503", "there are too many requests");
    }
    const std::size_t bytes = reader_.announced_body(route_.body_limit(shared_.options));
    if (bytes > 0 && !(memory_slot_ = shared_.limits.memory(bytes))) {
        throw Refusal(503, "503", "there is no memory for the body");
    }
}

asio::awaitable<bool> Session::answer() {
    const Request& request = reader_.request();
    ++shared_.answering;
    Response response = co_await shared_.service.answer(request, route_);
    keep_in_memory(response);
    const bool last = !request.keep_alive || shared_.is_leaving;
    const bool sent = co_await send(response, last);
    --shared_.answering;
    request_slot_ = {};
    memory_slot_ = {};
    answer_slot_ = {};
    address_slot_ = {};
    co_return sent && !last;
}

// Clients that take large answers slowly share the memory that bodies have. Small ones always go.
void Session::keep_in_memory(Response& response) {
    const std::size_t bytes = response.body.size();
    if (bytes > small_answer && !(answer_slot_ = shared_.limits.memory(bytes))) {
        response = Service::refused(Refusal(503, "503", "there is no memory for the answer"), route_);
    }
}

asio::awaitable<bool> Session::send(const Response& response, bool last) {
    const Request& request = reader_.request();
    const std::string head = response_head(response, request.id, last);
    wait_no_longer_than(shared_.options.request_time);
    const bool bare = request.method == "HEAD" || !has_body(response.status);
    const bool sent = co_await stream_->write(head, bare ? std::string_view() : response.body);
    if (!sent) {
        stream_->abandon();
    }
    log(response);
    co_return sent;
}

// The rest of a refused request is of no use, so its connection ends.
asio::awaitable<void> Session::send_refusal(const Refusal& refusal) {
    if (reader_.request().id.empty()) {
        reader_.request().id = new_id();
    }
    const Response response = Service::refused(refusal, route_);
    if (co_await send(response, true)) {
        co_await stream_->finish();
        co_await linger();
    }
}

// A connection that is closed over unread bytes is reset, and the client may never see the answer.
asio::awaitable<void> Session::linger() {
    wait_no_longer_than(lingering_time);
    expired_ = false;
    for (std::size_t taken = 0; taken < most_lingering;) {
        const std::size_t count = co_await stream_->read(buffer_.data(), buffer_.size());
        if (count == 0) {
            break;
        }
        taken += count;
    }
}

void Session::log(const Response& response) const {
    if (!shared_.options.log_requests) {
        return;
    }
    const Request& request = const_cast<RequestReader&>(reader_).request();
    const std::chrono::duration<double, std::milli> time = Clock::now() - began_;
    const auto traceparent = request.header("traceparent");
    const std::string route = route_.name();
    log_request({.method = request.method.size() <= 16 ? std::string_view(request.method) : "long",
                 .route = route,
                 .status = response.status,
                 .milliseconds = time.count(),
                 .bytes = response.body.size(),
                 .request_id = request.id,
                 .traceparent = is_id(traceparent) ? traceparent : std::string_view()});
}

} // namespace helix::edge
