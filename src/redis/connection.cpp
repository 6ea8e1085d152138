// Talks to one Redis server, with a deadline on everything.
#include "redis/connection.hpp"

#include <hiredis/hiredis.h>
#include <netdb.h>
#include <sys/socket.h>

namespace helix::redis {

namespace {

struct FreeReply {
    void operator()(void* reply) const { freeReplyObject(reply); }
};

constexpr std::size_t most_kept = std::size_t{1} << 20; // of memory for commands

void append_bulk(std::string& text, std::string_view word) {
    text += '$';
    text += std::to_string(word.size());
    text += "\r\n";
    text += word;
    text += "\r\n";
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
        if (address.tls && address.server_name.empty() && address.host != numeric) {
            addresses.back().server_name = address.host;
        }
    }
    freeaddrinfo(found);
    return addresses;
}

void Connection::FreeReader::operator()(redisReader* reader) const {
    redisReaderFree(reader);
}

Connection::Connection(const Address& address, const Secret& password, Deadline deadline, const std::string& ca_file)
    : stream_(address, ca_file, deadline), reader_(redisReaderCreate()) {
    if (!reader_) {
        throw Failure("could not connect to Redis: out of memory");
    }
    if (!password.empty()) {
        authenticate(address.user, password, deadline);
    }
    if (address.database != 0) {
        call({"SELECT", std::to_string(address.database)}, deadline);
    }
}

// The password goes out by itself: what is appended would not be wiped.
void Connection::authenticate(const std::string& user, const Secret& password, Deadline deadline) {
    std::string head = user.empty() ? "*2\r\n" : "*3\r\n";
    append_bulk(head, "AUTH");
    if (!user.empty()) {
        append_bulk(head, user);
    }
    head += "$" + std::to_string(password.view().size()) + "\r\n";
    for (const std::string_view part : {std::string_view(head), password.view(), std::string_view("\r\n")}) {
        stream_.write(part, deadline);
    }
    if (const auto reply = receive(deadline); reply.is_error()) {
        throw brief_failure_from(reply);
    }
}

void Connection::append(const std::vector<std::string_view>& words) {
    commands_ += "*" + std::to_string(words.size()) + "\r\n";
    for (const auto word : words) {
        append_bulk(commands_, word);
    }
    ++waiting_;
}

void Connection::send(Deadline deadline) {
    stream_.write(commands_, deadline);
    commands_.clear();
    if (commands_.capacity() > most_kept) {
        commands_.shrink_to_fit();
    }
    waiting_ = 0;
}

// The next reply among the bytes that have been read; nothing where its end is missing.
std::optional<Reply> Connection::complete_reply() {
    void* object = nullptr;
    if (redisReaderGetReply(reader_.get(), &object) != REDIS_OK) {
        throw Failure(std::string("could not read what Redis answered: ") + reader_->errstr);
    }
    if (object == nullptr) {
        return std::nullopt;
    }
    const std::unique_ptr<void, FreeReply> owner(object);
    return reply_from(*static_cast<const redisReply*>(object));
}

void Connection::feed(std::string_view bytes) {
    if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
        throw Failure(std::string("could not read from Redis: ") + reader_->errstr);
    }
}

Reply Connection::receive(Deadline deadline) {
    for (;;) {
        if (auto reply = complete_reply()) {
            return std::move(*reply);
        }
        feed(stream_.read(deadline));
    }
}

std::optional<Reply> Connection::arrived() {
    for (;;) {
        if (auto reply = complete_reply()) {
            return reply;
        }
        const auto bytes = stream_.arrived();
        if (bytes.empty()) {
            return std::nullopt;
        }
        feed(bytes);
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
