// Owns: memory for many small things that go together. Anyone may use it.
#pragma once

#include <cstddef>
#include <memory_resource>

namespace helix {

// Memory that is given back as a whole, and counts its bytes. Nothing that lies in it is freed before.
class Arena {
  public:
    std::pmr::memory_resource* resource() { return &memory_; }
    std::size_t bytes() const { return counter_.bytes; }

  private:
    struct Counter final : std::pmr::memory_resource {
        std::size_t bytes = 0;

        void* do_allocate(std::size_t size, std::size_t alignment) override {
            bytes += size;
            return std::pmr::new_delete_resource()->allocate(size, alignment);
        }
        void do_deallocate(void* memory, std::size_t size, std::size_t alignment) override {
            bytes -= size;
            std::pmr::new_delete_resource()->deallocate(memory, size, alignment);
        }
        bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }
    };

    static constexpr std::size_t first_bytes = 1024;

    Counter counter_;
    std::pmr::monotonic_buffer_resource memory_{first_bytes, &counter_};
};

} // namespace helix
