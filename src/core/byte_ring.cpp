#include "core/byte_ring.hpp"

#include <algorithm>
#include <new>

namespace helix {

namespace {
using Length = std::uint32_t;
}

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

bool ByteRing::pop(std::vector<char>& record) {
    if (empty()) {
        return false;
    }
    Length length = 0;
    copy_out(tail_, reinterpret_cast<char*>(&length), sizeof(length));
    record.resize(length);
    copy_out(tail_ + sizeof(length), record.data(), length);
    tail_ += sizeof(length) + length;
    return true;
}

} // namespace helix
