// The launcher's message.
#include "edge/launch.hpp"

#include "core/text_parts.hpp"
#include "edge/conninfo.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>

#include <openssl/crypto.h>

namespace helix::edge {

namespace {

constexpr std::size_t longest_message = std::size_t{16} << 10;

// Byte by byte: what comes after the empty line is not ours to read.
std::string read_message(int descriptor) {
    std::string message;
    message.reserve(longest_message); // so that no copy of the password stays behind
    while (!message.ends_with("\n\n")) {
        char byte = 0;
        if (read(descriptor, &byte, 1) != 1 || message.size() == longest_message) {
            throw std::invalid_argument("the launcher's message on standard input is not complete");
        }
        message += byte;
    }
    return message;
}

using Values = std::map<std::string, std::string, std::less<>>;

Values values_of(std::string_view message) {
    Values values;
    while (!message.empty()) {
        auto line = take_part(message, "\n");
        const auto name = take_part(line, "=");
        values.emplace(name, line);
    }
    return values;
}

std::string database_at(const std::string& host, Values& values) {
    return "host=" + conninfo_word(host) + " port=" + conninfo_word(values["port"]) +
           " dbname=" + conninfo_word(values["database"]) + " user=" + conninfo_word(values["user"]);
}

// The server's own socket first, then 127.0.0.1, which Debian's pg_hba.conf allows by password. They are two
// connection strings: where one host refuses the sign-in, libpq asks no other one.
void set_databases(Values& values, Options& options) {
    options.database = database_at("127.0.0.1", values);
    if (!values["socket_directory"].empty()) {
        options.other_database = std::exchange(options.database, database_at(values["socket_directory"], values));
    }
}

} // namespace

Secret read_launch(int descriptor, Options& options) {
    std::string message = read_message(descriptor);
    auto values = values_of(message);
    OPENSSL_cleanse(message.data(), message.size());
    options.listen = {values["listen"]};
    set_databases(values, options);
    if (options.pages.empty() && access(HELIX_PAGES, R_OK) == 0) {
        options.pages = HELIX_PAGES;
    }
    std::string& password = values["password"];
    Secret secret(password);
    OPENSSL_cleanse(password.data(), password.size());
    return secret;
}

} // namespace helix::edge
