// Checks an address without resolving anything.
#include "core/edge_address.hpp"

#include "core/characters.hpp"
#include "core/error.hpp"

#include <algorithm>

namespace helix {

namespace {

constexpr std::string_view unix_scheme = "unix:";
constexpr std::size_t longest_path = 107; // of a Unix socket

[[noreturn]] void refuse(const char* why) {
    throw Error(sqlstate::invalid_parameter_value, "not an address that helix-edge may listen on", why,
                "Write 127.0.0.1:8080, [::1]:8080 or unix:///path. For other addresses run helix-edge by itself.");
}

bool is_number_up_to(std::string_view text, int most) {
    if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), is_digit)) {
        return false;
    }
    int value = 0;
    for (const char c : text) {
        value = value * 10 + (c - '0');
    }
    return value <= most;
}

// 127.x.y.z
bool is_loopback(std::string_view host) {
    if (host == "localhost" || host == "[::1]") {
        return true;
    }
    int parts = 0;
    const bool begins_right = host.starts_with("127.");
    while (!host.empty()) {
        const auto end = std::min(host.find('.'), host.size());
        if (!is_number_up_to(host.substr(0, end), 255)) {
            return false;
        }
        ++parts;
        host.remove_prefix(std::min(end + 1, host.size()));
    }
    return begins_right && parts == 4;
}

void check_path(std::string_view path) {
    if (path.starts_with("//")) {
        path.remove_prefix(2);
    }
    if (!path.starts_with('/') || path.size() > longest_path) {
        refuse("The path of the socket must be absolute, and have at most 107 bytes.");
    }
    if (std::any_of(path.begin(), path.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; })) {
        refuse("The path of the socket has a control character.");
    }
}

} // namespace

void check_edge_address(std::string_view address) {
    if (address.empty()) {
        return;
    }
    if (address.starts_with(unix_scheme)) {
        return check_path(address.substr(unix_scheme.size()));
    }
    const auto colon = address.rfind(':');
    if (colon == std::string_view::npos || !is_loopback(address.substr(0, colon))) {
        refuse("The host must be 127.0.0.1, localhost or [::1].");
    }
    const auto port = address.substr(colon + 1);
    if (!is_number_up_to(port, 65'535) || port.find_first_not_of('0') == std::string_view::npos) {
        refuse("The port must be from 1 to 65535.");
    }
}

} // namespace helix
