// What the fuzz targets promise: a broken promise ends the run.
#pragma once

#include <cstdio>
#include <cstdlib>

inline void check(bool holds, const char* otherwise) {
    if (!holds) {
        std::fprintf(stderr, "check failed: %s\n", otherwise);
        std::abort();
    }
}
