// The launcher's message.
#include "edge/launch.hpp"

#include "edge/conninfo.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <unistd.h>

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

std::map<std::string, std::string, std::less<>> values_of(std::string_view message) {
    std::map<std::string, std::string, std::less<>> values;
    while (!message.empty()) {
        const auto end = message.find('\n');
        const auto line = message.substr(0, end);
        message.remove_prefix(end + 1);
        if (const auto equals = line.find('='); equals != std::string_view::npos) {
            values.emplace(line.substr(0, equals), line.substr(equals + 1));
        }
    }
    return values;
}

// The server's own socket first, then 127.0.0.1, which Debian's pg_hba.conf allows by password.
std::string database_of(const std::map<std::string, std::string, std::less<>>& values) {
    const auto value = [&](std::string_view key) {
        const auto found = values.find(key);
        return found == values.end() ? std::string() : found->second;
    };
    const std::string folder = value("socket_directory");
    const std::string port = value("port");
    const std::string hosts = folder.empty() ? "127.0.0.1" : folder + ",127.0.0.1";
    return "host=" + conninfo_word(hosts) + " port=" + conninfo_word(folder.empty() ? port : port + "," + port) +
           " dbname=" + conninfo_word(value("database")) + " user=" + conninfo_word(value("user"));
}

} // namespace

Secret read_launch(int descriptor, Options& options) {
    std::string message = read_message(descriptor);
    auto values = values_of(message);
    OPENSSL_cleanse(message.data(), message.size());
    options.listen = {values["listen"]};
    options.database = database_of(values);
    if (options.pages.empty() && access(HELIX_PAGES, R_OK) == 0) {
        options.pages = HELIX_PAGES;
    }
    std::string& password = values["password"];
    Secret secret(password);
    OPENSSL_cleanse(password.data(), password.size());
    return secret;
}

} // namespace helix::edge
