// Owns: a ring of bytes that holds whole records, first in, first out. Its memory is the caller's (shared memory), and
// so is the lock. Anyone may use it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace helix {

class ByteRing {
  public:
    // Makes an empty ring of `bytes` of memory, more than 64; at() finds it again.
    static ByteRing& create(void* memory, std::size_t bytes) noexcept;
    static ByteRing& at(void* memory) noexcept { return *static_cast<ByteRing*>(memory); }

    // Copies a record in; false, and nothing is copied, where there is no room for it.
    bool push(std::span<const char> record) noexcept;

    // Moves the oldest records to the end of `records`, where for_each_record() finds them: as many as have `most`
    // bytes together, and one at least. False where there are none.
    bool pop(std::vector<char>& records, std::size_t most);

    // Calls f(std::span<const char>) for each record that pop() has given.
    template <typename F>
    static void for_each_record(std::span<const char> records, F f) {
        while (records.size() >= sizeof(Length)) {
            const std::size_t length = length_of(records.data());
            f(records.subspan(sizeof(Length), length));
            records = records.subspan(sizeof(Length) + length);
        }
    }

    bool empty() const noexcept { return head_ == tail_; }
    std::size_t used() const noexcept { return static_cast<std::size_t>(head_ - tail_); }
    std::size_t capacity() const noexcept { return capacity_; }

  private:
    using Length = std::uint32_t; // before each record

    static std::size_t length_of(const char* bytes) noexcept;
    char* data() noexcept { return reinterpret_cast<char*>(this) + sizeof(ByteRing); }
    void copy_in(std::uint64_t position, const char* from, std::size_t length) noexcept;
    void copy_out(std::uint64_t position, char* to, std::size_t length) noexcept;
    std::size_t size_at(std::uint64_t position) noexcept; // of a record, with its length

    // Bytes written and taken since the ring was empty last. Byte number n lies at n % capacity.
    std::uint64_t head_;
    std::uint64_t tail_;
    std::size_t capacity_;
};

} // namespace helix
