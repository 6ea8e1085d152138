#include "core/queue/dependencies.hpp"

#include <algorithm>

namespace helix {

namespace {

// For each operation, whether it is left when no operation can be taken away any more.
std::vector<bool> left_over(const Dependencies& dependencies) {
    std::vector<std::size_t> open(dependencies.size());
    Dependencies dependents(dependencies.size());
    std::vector<std::size_t> free;
    for (std::size_t i = 0; i < dependencies.size(); ++i) {
        open[i] = dependencies[i].size();
        for (const auto other : dependencies[i]) {
            dependents[other].push_back(i);
        }
        if (open[i] == 0) {
            free.push_back(i);
        }
    }
    std::vector<bool> left(dependencies.size(), true);
    while (!free.empty()) {
        const auto taken = free.back();
        free.pop_back();
        left[taken] = false;
        for (const auto dependent : dependents[taken]) {
            if (--open[dependent] == 0) {
                free.push_back(dependent);
            }
        }
    }
    return left;
}

} // namespace

std::vector<std::size_t> find_cycle(const Dependencies& dependencies) {
    const auto left = left_over(dependencies);
    const auto first = std::find(left.begin(), left.end(), true);
    if (first == left.end()) {
        return {};
    }
    std::vector<std::size_t> path;
    auto at = static_cast<std::size_t>(first - left.begin());
    for (;;) {
        const auto seen = std::find(path.begin(), path.end(), at);
        if (seen != path.end()) {
            return {seen, path.end()};
        }
        path.push_back(at);
        const auto& next = dependencies[at]; // one at least is left, or `at` would not be
        at = *std::find_if(next.begin(), next.end(), [&](auto other) { return left[other]; });
    }
}

} // namespace helix
