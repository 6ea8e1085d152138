// Owns: which part of the edge an address belongs to. It knows no socket, so it is fuzzed as it is. service.cpp and
// session.cpp use it.
#pragma once

#include "edge/options.hpp"

#include <string>
#include <string_view>

namespace helix::edge {

struct Route {
    enum class Kind { unknown, webhook, rpc, page, alive, ready };

    Kind kind = Kind::unknown;
    std::string_view function; // of rpc; a part of the path

    // For the log. It holds nothing that the caller made up, but for the name of a function.
    std::string name() const;

    std::size_t body_limit(const Options& options) const;

    // The methods it takes, for the header Allow.
    std::string_view methods() const;
    bool takes(std::string_view method) const;
};

// `has_pages`: whatever is no other route may be a page.
Route route_of(std::string_view path, bool has_pages);

} // namespace helix::edge
