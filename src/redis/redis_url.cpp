// Reads and writes helix.redis_url.
#include "redis/redis_url.hpp"

#include "core/error.hpp"
#include "core/numbers.hpp"

namespace helix::redis {

namespace {

constexpr const char* forms = "Write redis://[user@]host:port/db or unix:///path?db=n.";

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

Address parse_tcp(std::string_view rest) {
    Address address;
    if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
        const auto user = rest.substr(0, at);
        if (user.find(':') != std::string_view::npos) {
            throw Error(sqlstate::invalid_parameter_value, "a password does not belong into the Redis url",
                        "Settings can be read by many.",
                        "Write redis://user@host:port/db and let helix.redis_password_ref name the password: "
                        "file:///path or env://NAME.");
        }
        address.user = user;
        rest.remove_prefix(at + 1);
    }
    const auto slash = rest.find('/');
    parse_host(rest.substr(0, slash), address);
    if (slash != std::string_view::npos && slash + 1 < rest.size()) {
        address.database = number_between(0, largest_database, rest.substr(slash + 1), "database number");
    }
    return address;
}

} // namespace

std::string Address::text() const {
    if (!socket.empty()) {
        return "unix://" + socket + (database != 0 ? "?db=" + std::to_string(database) : "");
    }
    const bool colons = host.find(':') != std::string::npos;
    return "redis://" + (user.empty() ? "" : user + "@") + (colons ? "[" + host + "]" : host) + ":" +
           std::to_string(port) + "/" + std::to_string(database);
}

Address parse_url(std::string_view url) {
    constexpr std::string_view unix_scheme = "unix://";
    constexpr std::string_view tcp_scheme = "redis://";
    if (url.starts_with(unix_scheme)) {
        return parse_unix(url.substr(unix_scheme.size()));
    }
    if (url.starts_with(tcp_scheme)) {
        return parse_tcp(url.substr(tcp_scheme.size()));
    }
    refuse("It begins neither with redis:// nor with unix://.");
}

} // namespace helix::redis
