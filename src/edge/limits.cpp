// Counters with their bounds.
#include "edge/limits.hpp"

#include <utility>

namespace helix::edge {

Limits::Slot& Limits::Slot::operator=(Slot&& other) noexcept {
    if (this != &other) {
        release();
        limits_ = std::exchange(other.limits_, nullptr);
        kind_ = other.kind_;
        bytes_ = other.bytes_;
        address_ = std::move(other.address_);
    }
    return *this;
}

void Limits::Slot::release() {
    if (limits_ == nullptr) {
        return;
    }
    Limits& limits = *std::exchange(limits_, nullptr);
    switch (kind_) {
    case Kind::connection:
        --limits.connections_;
        break;
    case Kind::request:
        --limits.requests_;
        break;
    case Kind::memory:
        limits.memory_ -= bytes_;
        break;
    case Kind::address:
        const auto place = limits.addresses_.find(address_);
        if (--place->second == 0) {
            limits.addresses_.erase(place);
        }
        break;
    }
}

Limits::Slot Limits::connection() {
    if (connections_ >= options_.connections) {
        return {};
    }
    ++connections_;
    return {*this, Slot::Kind::connection, 0, {}};
}

Limits::Slot Limits::request() {
    if (requests_ >= options_.requests) {
        return {};
    }
    ++requests_;
    return {*this, Slot::Kind::request, 0, {}};
}

Limits::Slot Limits::memory(std::size_t bytes) {
    if (bytes > options_.body_memory - memory_) {
        return {};
    }
    memory_ += bytes;
    return {*this, Slot::Kind::memory, bytes, {}};
}

Limits::Slot Limits::address(const std::string& address) {
    std::size_t& count = addresses_[address];
    if (count >= options_.connections_per_address) {
        return {};
    }
    ++count;
    return {*this, Slot::Kind::address, 0, address};
}

} // namespace helix::edge
