// Networks by their leading bits.
#include "edge/proxies.hpp"

#include "core/numbers.hpp"
#include "core/text_parts.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <stdexcept>

namespace helix::edge {

namespace {

// The bytes of an address; empty where it is none. An IPv4 address within IPv6 is that of IPv4.
std::string bytes_of(std::string_view address) {
    constexpr std::string_view mapped = "::ffff:";
    if (address.starts_with(mapped) && address.find('.') != std::string_view::npos) {
        address.remove_prefix(mapped.size());
    }
    const std::string text(address);
    for (const auto& [family, size] : {std::pair(AF_INET, 4U), std::pair(AF_INET6, 16U)}) {
        std::string bytes(size, '\0');
        if (inet_pton(family, text.c_str(), bytes.data()) == 1) {
            return bytes;
        }
    }
    return {};
}

bool same_bits(std::string_view left, std::string_view right, unsigned bits) {
    if (left.size() != right.size()) {
        return false;
    }
    for (unsigned bit = 0; bit < bits; ++bit) {
        const auto mask = 0x80U >> (bit % 8);
        if (((static_cast<unsigned>(left[bit / 8]) ^ static_cast<unsigned>(right[bit / 8])) & mask) != 0) {
            return false;
        }
    }
    return true;
}

} // namespace

Proxies::Network Proxies::network_of(const std::string& text) {
    const auto slash = text.find('/');
    Network network{bytes_of(text.substr(0, slash)), 0};
    const auto most = static_cast<unsigned>(network.bytes.size() * 8);
    const auto bits = slash == std::string::npos ? std::optional(most)
                                                 : whole_number<unsigned>(std::string_view(text).substr(slash + 1));
    if (most == 0 || !bits || *bits > most) {
        throw std::invalid_argument("--trusted-proxy: \"" + text + "\" is neither an address nor a network");
    }
    network.bits = *bits;
    return network;
}

Proxies::Proxies(const std::vector<std::string>& trusted) {
    std::ranges::transform(trusted, std::back_inserter(networks_), network_of);
}

bool Proxies::is_proxy(std::string_view address) const {
    const std::string bytes = bytes_of(address);
    return address.empty() || std::ranges::any_of(networks_, [&](const Network& network) {
               return same_bits(network.bytes, bytes, network.bits);
           });
}

std::string Proxies::client_of(std::string_view proxy, std::string_view forwarded_for) const {
    while (!forwarded_for.empty()) {
        const auto comma = forwarded_for.rfind(',');
        const auto last = trimmed(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1));
        forwarded_for = comma == std::string_view::npos ? "" : forwarded_for.substr(0, comma);
        if (bytes_of(last).empty()) {
            break; // nobody vouches for what stands before it
        }
        if (!is_proxy(last)) {
            return std::string(last);
        }
    }
    return std::string(proxy);
}

} // namespace helix::edge
