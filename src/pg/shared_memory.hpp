// Owns: asking the server for shared memory at its start. Any feature, while the module is preloaded.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "storage/lwlock.h"
}

namespace helix::pg {

// A piece of shared memory under a name, with a lock of its own.
struct SharedArea {
    const char* name;
    std::size_t (*bytes)(); // asked once all settings are known
    // Receives the memory, all zeros where `is_new`: in the first process, and again after a crash.
    void (*attach)(void* memory, LWLock* lock, bool is_new);
};

// `area` has to live as long as the process.
void request_shared_area(const SharedArea& area);

} // namespace helix::pg
