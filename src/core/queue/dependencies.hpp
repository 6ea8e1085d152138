// Owns: whether operations that depend on each other can be put in an order. Anyone may use it.
#pragma once

#include <cstddef>
#include <vector>

namespace helix {

// For each operation, the operations (by index) that have to end before it.
using Dependencies = std::vector<std::vector<std::size_t>>;

// A cycle as indices: each operation depends on the next, and the last on the first. Empty where there is none. After
// Kahn 1962: whatever depends on nothing is taken away, again and again; what is left holds every cycle.
std::vector<std::size_t> find_cycle(const Dependencies& dependencies);

} // namespace helix
