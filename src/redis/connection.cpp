// Talks to one Redis server by hiredis, with a deadline on everything.
#include "redis/connection.hpp"

#include <cerrno>
#include <cstring>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

namespace helix::redis {

namespace {

struct FreeReply {
    void operator()(void* reply) const { freeReplyObject(reply); }
};

std::string system_error(const char* doing, int code) {
    return std::string(doing) + ": " + strerror(code);
}

} // namespace

std::vector<Address> resolved(const Address& address) {
    if (!address.socket.empty()) {
        return {address};
    }
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(address.host.c_str(), nullptr, &wanted, &found);
    if (error != 0) {
        throw Failure("could not look up host \"" + address.host + "\": " + gai_strerror(error));
    }
    std::vector<Address> addresses;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        char numeric[NI_MAXHOST] = "";
        getnameinfo(each->ai_addr, each->ai_addrlen, numeric, sizeof(numeric), nullptr, 0, NI_NUMERICHOST);
        addresses.push_back(address);
        addresses.back().host = numeric;
    }
    freeaddrinfo(found);
    return addresses;
}

void Connection::Close::operator()(redisContext* context) const {
    redisFree(context);
}

Connection::Connection(const Address& address, const Secret& password, Deadline deadline)
    : context_(address.socket.empty() ? redisConnectNonBlock(address.host.c_str(), address.port)
                                      : redisConnectUnixNonBlock(address.socket.c_str())) {
    if (!context_) {
        throw Failure("could not connect to Redis: out of memory");
    }
    if (context_->err != 0) {
        throw Failure(std::string("could not connect to Redis: ") + context_->errstr);
    }
    wait_until_connected(deadline);
    if (!password.empty()) {
        authenticate(address.user, password, deadline);
    }
    if (address.database != 0) {
        call({"SELECT", std::to_string(address.database)}, deadline);
    }
}

void Connection::wait_until_connected(Deadline deadline) {
    wait_for(POLLOUT, deadline);
    int error = 0;
    socklen_t length = sizeof(error);
    if (getsockopt(context_->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
        throw Failure(system_error("could not connect to Redis", error != 0 ? error : errno));
    }
}

// Writes to the socket itself: hiredis's buffer would not be wiped.
void Connection::authenticate(const std::string& user, const Secret& password, Deadline deadline) {
    const auto bulk = [](std::string_view word) {
        return "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
    };
    std::string head = (user.empty() ? "*2\r\n" : "*3\r\n") + bulk("AUTH") + (user.empty() ? "" : bulk(user));
    head += "$" + std::to_string(password.view().size()) + "\r\n";
    for (const std::string_view part : {std::string_view(head), password.view(), std::string_view("\r\n")}) {
        for (std::size_t sent = 0; sent < part.size();) {
            wait_for(POLLOUT, deadline);
            const ssize_t written = ::send(context_->fd, part.data() + sent, part.size() - sent, MSG_NOSIGNAL);
            if (written < 0 && errno != EINTR && errno != EAGAIN) {
                throw Failure(system_error("could not write to Redis", errno));
            }
            sent += written > 0 ? static_cast<std::size_t>(written) : 0;
        }
    }
    if (const auto reply = receive(deadline); reply.is_error()) {
        throw brief_failure_from(reply);
    }
}

void Connection::wait_for(short events, Deadline deadline) {
    for (;;) {
        const auto left_ms = ms_until(deadline);
        pollfd socket{context_->fd, events, 0};
        const int ready = left_ms > 0 ? poll(&socket, 1, static_cast<int>(left_ms)) : 0;
        if (ready > 0) {
            return; // an error or a hang-up shows in the next read or write
        }
        if (ready == 0) {
            throw Failure("no answer from Redis in time");
        }
        if (errno != EINTR) {
            throw Failure(system_error("could not wait for Redis", errno));
        }
    }
}

void Connection::append(const std::vector<std::string_view>& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> lengths;
    texts.reserve(words.size());
    lengths.reserve(words.size());
    for (const auto word : words) {
        texts.push_back(word.data());
        lengths.push_back(word.size());
    }
    if (redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(), lengths.data()) !=
        REDIS_OK) {
        throw Failure(std::string("could not write a command: ") + context_->errstr);
    }
    ++waiting_;
}

void Connection::send(Deadline deadline) {
    for (int done = 0; done == 0;) {
        if (redisBufferWrite(context_.get(), &done) != REDIS_OK) {
            throw Failure(std::string("could not write to Redis: ") + context_->errstr);
        }
        if (done == 0) {
            wait_for(POLLOUT, deadline);
        }
    }
    waiting_ = 0;
}

// The next reply among the bytes that have been read; nothing where its end is missing.
std::optional<Reply> Connection::complete_reply() {
    void* object = nullptr;
    if (redisGetReplyFromReader(context_.get(), &object) != REDIS_OK) {
        throw Failure(std::string("could not read what Redis answered: ") + context_->errstr);
    }
    if (object == nullptr) {
        return std::nullopt;
    }
    const std::unique_ptr<void, FreeReply> owner(object);
    return reply_from(*static_cast<const redisReply*>(object));
}

void Connection::read_some() {
    if (redisBufferRead(context_.get()) != REDIS_OK) {
        throw Failure(std::string("could not read from Redis: ") + context_->errstr);
    }
}

Reply Connection::receive(Deadline deadline) {
    for (;;) {
        if (auto reply = complete_reply()) {
            return std::move(*reply);
        }
        wait_for(POLLIN, deadline);
        read_some();
    }
}

std::optional<Reply> Connection::arrived() {
    for (;;) {
        if (auto reply = complete_reply()) {
            return reply;
        }
        pollfd socket{context_->fd, POLLIN, 0};
        if (poll(&socket, 1, 0) <= 0) {
            return std::nullopt;
        }
        read_some();
    }
}

std::vector<Reply> Connection::exchange(Deadline deadline) {
    std::size_t expected = waiting_;
    send(deadline);
    std::vector<Reply> replies;
    replies.reserve(expected);
    for (; expected > 0; --expected) {
        replies.push_back(receive(deadline));
    }
    return replies;
}

Reply Connection::call(const std::vector<std::string_view>& words, Deadline deadline) {
    append(words);
    auto replies = exchange(deadline);
    if (replies.back().is_error()) {
        throw failure_from(replies.back());
    }
    return std::move(replies.back());
}

} // namespace helix::redis
