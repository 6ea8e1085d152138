// Reads op:// references and addresses of 1Password Connect servers.
#include "core/secrets/onepassword_address.hpp"

#include "core/characters.hpp"
#include "core/error.hpp"
#include "core/hex.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace helix {

namespace {

constexpr std::string_view scheme = "op://";

// What 1Password's references may hold. No such part can leave its place in a path, a filter or a command line.
bool is_part(std::string_view part) {
    constexpr std::string_view others = "-_. ";
    return !part.empty() && part != "." && part != ".." && std::all_of(part.begin(), part.end(), [&](char c) {
        return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
    });
}

// What services begin their secrets with, and keys in hexadecimal digits. Passed by mistake, they are no names of
// items.
bool looks_like_secret(std::string_view name) {
    constexpr std::string_view beginnings[] = {"whsec_", "whsk_", "sk_",  "sk-",         "rk_",    "xoxb-",
                                               "xoxp-",  "xapp-", "ghp_", "github_pat_", "glpat-", "shpss_",
                                               "shpat_", "SG.",   "AKIA", "eyJ"};
    constexpr std::size_t shortest_key = 32;
    return std::any_of(std::begin(beginnings), std::end(beginnings),
                       [&](std::string_view beginning) { return name.starts_with(beginning); }) ||
           (name.size() >= shortest_key &&
            std::all_of(name.begin(), name.end(), [](char c) { return hex_value(c) >= 0; }));
}

std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= path.size();) {
        const auto slash = std::min(path.find('/', begin), path.size());
        parts.emplace_back(path.substr(begin, slash - begin));
        begin = slash + 1;
    }
    return parts;
}

[[noreturn]] void refuse_url(const char* why) {
    throw Error(sqlstate::invalid_parameter_value, "not the address of a 1Password Connect server", why,
                "Write https://host:port, or http://localhost:port for a server on this machine.");
}

// The host of host[:port], of which the port is digits.
std::string_view host_of(std::string_view authority) {
    const auto bracket = authority.starts_with('[') ? authority.find(']') : 0;
    if (bracket == std::string_view::npos) {
        refuse_url("A bracket is not closed.");
    }
    const auto colon = std::min(authority.find(':', bracket), authority.size());
    const auto port = authority.substr(std::min(colon + 1, authority.size()));
    const bool digits = std::all_of(port.begin(), port.end(), is_digit);
    if (colon < authority.size() && (port.empty() || port.size() > 5 || !digits)) {
        refuse_url("The port is not a number.");
    }
    return authority.substr(0, colon);
}

} // namespace

OnePasswordReference parse_onepassword_reference(std::string_view reference) {
    const auto refuse = [&](const char* why) {
        throw Error(sqlstate::invalid_parameter_value, "not a reference to a secret in 1Password",
                    "\"" + std::string(reference) + "\": " + why,
                    "Write op://vault/item/field or op://vault/item/section/field; where a name has other characters "
                    "than a-z, A-Z, 0-9, -, _, . and blanks, write its id.");
    };
    if (!reference.starts_with(scheme)) {
        refuse("it does not begin with op://.");
    }
    auto parts = split(reference.substr(scheme.size()));
    if (parts.size() != 3 && parts.size() != 4) {
        refuse("it must have three or four parts.");
    }
    if (!std::all_of(parts.begin(), parts.end(), is_part)) {
        refuse("a part is empty or has a character that references may not have.");
    }
    const bool has_section = parts.size() == 4;
    return {parts[0], parts[1], has_section ? parts[2] : std::string(), parts.back()};
}

std::string complete_onepassword_reference(std::string_view vault, std::string_view name) {
    if (vault.empty() || !is_part(name) || looks_like_secret(name)) {
        return std::string(name);
    }
    return std::string(scheme) + std::string(vault) + "/" + std::string(name) + "/password";
}

void check_onepassword_vault(std::string_view vault) {
    if (!vault.empty() && !is_part(vault)) {
        throw Error(sqlstate::invalid_parameter_value, "not the name of a vault in 1Password",
                    "It is \"" + std::string(vault) + "\".",
                    "Write its name with a-z, A-Z, 0-9, -, _, . and blanks, or its id.");
    }
}

bool is_onepassword_id(std::string_view part) {
    constexpr std::size_t length = 26;
    return part.size() == length &&
           std::all_of(part.begin(), part.end(), [](char c) { return is_small_letter(c) || is_digit(c); });
}

std::string onepassword_filter(std::string_view attribute, std::string_view value) {
    std::string query = "filter=" + std::string(attribute) + "%20eq%20%22";
    for (const char c : value) {
        query += c == ' ' ? std::string("%20") : std::string(1, c);
    }
    return query + "%22";
}

void check_connect_url(std::string_view url) {
    if (url.empty()) {
        return;
    }
    const bool is_plain = url.starts_with("http://");
    if (!is_plain && !url.starts_with("https://")) {
        refuse_url("It begins neither with https:// nor with http://.");
    }
    for (const char c : url) {
        if (c <= ' ' || c > '~' || std::string_view("@?#\\\"").find(c) != std::string_view::npos) {
            refuse_url("It has a user, a query, a fragment or a character that has no place there.");
        }
    }
    const auto rest = url.substr(url.find("//") + 2);
    const auto host = host_of(rest.substr(0, rest.find('/')));
    if (host.empty()) {
        refuse_url("It has no host.");
    }
    constexpr std::array<std::string_view, 3> loopback = {"localhost", "127.0.0.1", "[::1]"};
    if (is_plain && std::find(loopback.begin(), loopback.end(), host) == loopback.end()) {
        refuse_url("Without TLS the host must be localhost, 127.0.0.1 or [::1].");
    }
}

} // namespace helix
