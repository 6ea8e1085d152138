#include "pg/prelude.hpp"

#include "cache/shared.hpp"

#include "config.hpp"
#include "pg/shared_memory.hpp"

extern "C" {
#include "storage/proc.h"
}

namespace helix::cache {

namespace {

Shared* shared_memory = nullptr;

std::size_t ring_offset() {
    return MAXALIGN(sizeof(Shared) + MaxBackends * sizeof(Reservation));
}

std::size_t ring_bytes() {
    return static_cast<std::size_t>(config::cache_ring_size_kb) * 1024;
}

std::size_t bytes() {
    return ring_offset() + ring_bytes();
}

void attach(void* memory, LWLock* lock, bool is_new) {
    shared_memory = static_cast<Shared*>(memory);
    if (is_new) { // an atomic is all zeros at first, where 64 bits are native, as they are everywhere today
        shared_memory->lock = lock;
        shared_memory->started = GetCurrentTimestamp();
        shared_memory->processes = static_cast<std::uint32_t>(MaxBackends);
        shared_memory->ring_offset = ring_offset();
        ByteRing::create(static_cast<char*>(memory) + ring_offset(), ring_bytes());
    }
}

constexpr pg::SharedArea area = {"helix cache", bytes, attach};

} // namespace

void initialize_shared_memory() {
    pg::request_shared_area(area);
}

Shared& shared() {
    return *shared_memory;
}

Reservation* own_reservation() {
    const int number = pg::process_number();
    return number >= 0 && static_cast<std::uint32_t>(number) < shared_memory->processes
               ? &shared_memory->reservations()[number]
               : nullptr;
}

} // namespace helix::cache
