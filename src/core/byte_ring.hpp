// Owns: a ring of bytes that holds whole records, first in, first out, in memory that somebody else gives (shared
// memory). No locking: the caller has a lock. Anyone may use it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace helix {

class ByteRing {
  public:
    // Makes `bytes` of memory (more than 64) an empty ring; at() finds it again.
    static ByteRing& create(void* memory, std::size_t bytes) noexcept;
    static ByteRing& at(void* memory) noexcept { return *static_cast<ByteRing*>(memory); }

    // Copies a record in, all of it or, where there is no room, nothing.
    bool push(std::span<const char> record) noexcept;

    // Moves the oldest record into `record`; false where there is none.
    bool pop(std::vector<char>& record);

    bool empty() const noexcept { return head_ == tail_; }
    std::size_t used() const noexcept { return static_cast<std::size_t>(head_ - tail_); }
    std::size_t capacity() const noexcept { return capacity_; }

  private:
    char* data() noexcept { return reinterpret_cast<char*>(this) + sizeof(ByteRing); }
    void copy_in(std::uint64_t position, const char* from, std::size_t length) noexcept;
    void copy_out(std::uint64_t position, char* to, std::size_t length) noexcept;

    std::uint64_t head_; // bytes ever written; both only grow, the place is position % capacity
    std::uint64_t tail_; // bytes ever taken
    std::size_t capacity_;
};

} // namespace helix
