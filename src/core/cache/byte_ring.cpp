// Copies records into the ring and out of it, over the end of its memory too.
#include "core/cache/byte_ring.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace helix {

ByteRing& ByteRing::create(void* memory, std::size_t bytes) noexcept {
    auto* ring = new (memory) ByteRing;
    ring->head_ = ring->tail_ = 0;
    ring->capacity_ = bytes - sizeof(ByteRing);
    return *ring;
}

void ByteRing::copy_in(std::uint64_t position, const char* from, std::size_t length) noexcept {
    const std::size_t at = position % capacity_;
    const std::size_t first = std::min(length, capacity_ - at);
    std::copy_n(from, first, data() + at);
    std::copy_n(from + first, length - first, data());
}

void ByteRing::copy_out(std::uint64_t position, char* to, std::size_t length) noexcept {
    const std::size_t at = position % capacity_;
    const std::size_t first = std::min(length, capacity_ - at);
    std::copy_n(data() + at, first, to);
    std::copy_n(data(), length - first, to + first);
}

bool ByteRing::push(std::span<const char> record) noexcept {
    const auto length = static_cast<Length>(record.size());
    if (length != record.size() || sizeof(length) + record.size() > capacity_ - used()) {
        return false;
    }
    copy_in(head_, reinterpret_cast<const char*>(&length), sizeof(length));
    copy_in(head_ + sizeof(length), record.data(), record.size());
    head_ += sizeof(length) + record.size();
    return true;
}

std::size_t ByteRing::length_of(const char* bytes) noexcept {
    Length length = 0;
    std::memcpy(&length, bytes, sizeof(length));
    return length;
}

std::size_t ByteRing::size_at(std::uint64_t position) noexcept {
    char bytes[sizeof(Length)];
    copy_out(position, bytes, sizeof(bytes));
    return sizeof(bytes) + length_of(bytes);
}

bool ByteRing::pop(std::vector<char>& records, std::size_t most) {
    if (empty()) {
        return false;
    }
    std::size_t bytes = size_at(tail_);
    while (tail_ + bytes != head_) {
        const std::size_t next = size_at(tail_ + bytes);
        if (bytes + next > most) {
            break;
        }
        bytes += next;
    }
    const std::size_t before = records.size();
    records.resize(before + bytes);
    copy_out(tail_, records.data() + before, bytes);
    tail_ += bytes;
    if (empty()) {
        head_ = tail_ = 0; // memory that was used a moment ago costs no page fault and no cache miss
    }
    return true;
}

} // namespace helix
