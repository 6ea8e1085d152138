// Reads and writes urls of Redis.
#include "redis/redis_url.hpp"

#include "core/error.hpp"
#include "core/numbers.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace helix::redis {

namespace {

constexpr const char* forms = "Write redis://[user@]host:port/db, rediss://[user@]host:port/db or unix:///path?db=n.";
constexpr std::string_view unix_scheme = "unix://";
constexpr std::string_view tcp_scheme = "redis://";
constexpr std::string_view tls_scheme = "rediss://";
constexpr std::string_view name_option = "?server_name=";

[[noreturn]] void refuse(std::string detail) {
    throw Error(sqlstate::invalid_parameter_value, "invalid Redis url", std::move(detail), forms);
}

constexpr int largest_database = 65535;
constexpr int largest_port = 65535;

int number_between(int smallest, int largest, std::string_view text, const char* what) {
    const auto value = whole_number<int>(text);
    if (!value || *value < smallest || *value > largest) {
        refuse(std::string("The ") + what + " must be a number from " + std::to_string(smallest) + " to " +
               std::to_string(largest) + ".");
    }
    return *value;
}

Address parse_unix(std::string_view rest) {
    Address address;
    const auto question = rest.find('?');
    address.socket = rest.substr(0, question);
    if (address.socket.size() < 2 || address.socket.front() != '/') {
        refuse("A unix url needs an absolute path.");
    }
    if (question != std::string_view::npos) {
        const auto option = rest.substr(question + 1);
        if (!option.starts_with("db=")) {
            refuse("The only option of a unix url is db.");
        }
        address.database = number_between(0, largest_database, option.substr(3), "database number");
    }
    return address;
}

// host, host:port, [v6] or [v6]:port
void parse_host(std::string_view text, Address& address) {
    std::size_t end = text.find(':');
    if (text.starts_with('[')) {
        const auto bracket = text.find(']');
        if (bracket == std::string_view::npos) {
            refuse("A bracket is not closed.");
        }
        address.host = text.substr(1, bracket - 1);
        end = bracket + 1 < text.size() ? bracket + 1 : std::string_view::npos;
        if (end != std::string_view::npos && text[end] != ':') {
            refuse("A colon and the port must follow the bracket.");
        }
    } else {
        address.host = text.substr(0, end);
    }
    if (address.host.empty() || address.host.find_first_of("?=&[]@") != std::string::npos) {
        refuse("The host is missing, or is none.");
    }
    if (end != std::string_view::npos) {
        address.port = number_between(1, largest_port, text.substr(end + 1), "port");
    }
}

// Takes the option from the end of a rediss:// url.
std::string take_server_name(std::string_view& rest) {
    const auto at = rest.find('?');
    if (at == std::string_view::npos) {
        return {};
    }
    const auto option = rest.substr(at);
    const auto name = option.substr(std::min(name_option.size(), option.size()));
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:_";
    if (!option.starts_with(name_option) || name.empty() || name.find_first_not_of(allowed) != std::string_view::npos) {
        refuse("The only option of a rediss url is server_name.");
    }
    rest = rest.substr(0, at);
    return std::string(name);
}

// Behind the user.
Address parse_place(std::string_view rest, bool tls) {
    Address address;
    address.tls = tls;
    if (tls) {
        address.server_name = take_server_name(rest);
    }
    const auto slash = rest.find('/');
    parse_host(rest.substr(0, slash), address);
    if (slash != std::string_view::npos && slash + 1 < rest.size()) {
        address.database = number_between(0, largest_database, rest.substr(slash + 1), "database number");
    }
    return address;
}

struct UserAndPlace {
    std::string_view user;
    std::string_view place;
};

UserAndPlace without_user(std::string_view rest) {
    const auto at = rest.rfind('@');
    return at == std::string_view::npos ? UserAndPlace{{}, rest}
                                        : UserAndPlace{rest.substr(0, at), rest.substr(at + 1)};
}

Address parse_tcp(std::string_view rest, bool tls) {
    const auto [user, place] = without_user(rest);
    if (user.find(':') != std::string_view::npos) {
        throw Error(sqlstate::invalid_parameter_value, "a password does not belong into the Redis url",
                    "Settings can be read by many.",
                    "Write redis://user@host:port/db and let helix.redis_password_ref name the password: "
                    "file:///path or env://NAME.");
    }
    auto address = parse_place(place, tls);
    address.user = user;
    return address;
}

// Appends to `text` what a url has written with % and two digits.
void append_decoded(std::string& text, std::string_view encoded) {
    constexpr int base = 16;
    text.reserve(text.size() + encoded.size()); // a secret must not be left behind in freed memory
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        if (encoded[i] != '%') {
            text += encoded[i];
            continue;
        }
        unsigned value = 0;
        const char* digits = encoded.data() + i + 1;
        if (i + 2 >= encoded.size() || std::from_chars(digits, digits + 2, value, base).ptr != digits + 2) {
            refuse("Two hexadecimal digits must follow each % before the @.");
        }
        text += static_cast<char>(value);
        i += 2;
    }
}

} // namespace

std::string Address::text() const {
    if (!socket.empty()) {
        return "unix://" + socket + (database != 0 ? "?db=" + std::to_string(database) : "");
    }
    const bool colons = host.find(':') != std::string::npos;
    return std::string(tls ? tls_scheme : tcp_scheme) + (user.empty() ? "" : user + "@") +
           (colons ? "[" + host + "]" : host) + ":" + std::to_string(port) + "/" + std::to_string(database) +
           (server_name.empty() ? "" : std::string(name_option) + server_name);
}

Address parse_url(std::string_view url) {
    if (url.starts_with(unix_scheme)) {
        return parse_unix(url.substr(unix_scheme.size()));
    }
    if (url.starts_with(tcp_scheme)) {
        return parse_tcp(url.substr(tcp_scheme.size()), false);
    }
    if (url.starts_with(tls_scheme)) {
        return parse_tcp(url.substr(tls_scheme.size()), true);
    }
    refuse("It begins neither with redis:// nor with rediss:// nor with unix://.");
}

AddressWithPassword parse_url_with_password(std::string_view url) {
    const bool tls = url.starts_with(tls_scheme);
    if (!tls && !url.starts_with(tcp_scheme)) {
        return {parse_url(url), {}};
    }
    const auto [who, place] = without_user(url.substr(tls ? tls_scheme.size() : tcp_scheme.size()));
    const auto colon = std::min(who.find(':'), who.size());
    AddressWithPassword parsed{parse_place(place, tls), {}};
    append_decoded(parsed.address.user, who.substr(0, colon));
    const auto is_unfit = [](unsigned char c) { return c < ' ' || c == ':'; };
    if (std::any_of(parsed.address.user.begin(), parsed.address.user.end(), is_unfit)) {
        refuse("The user must have no colon and no control characters.");
    }
    if (colon < who.size()) {
        std::string decoded;
        append_decoded(decoded, who.substr(colon + 1));
        parsed.password = Secret(decoded);
        explicit_bzero(decoded.data(), decoded.size());
    }
    return parsed;
}

} // namespace helix::redis
