// The table of options, and how each is read.
#include "edge/options.hpp"

#include "core/numbers.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string_view>

namespace helix::edge {

namespace {

struct Option {
    const char* name;
    const char* value;
    const char* meaning;
    std::function<void(Options&, std::string_view)> take;
};

[[noreturn]] void refuse(const std::string& reason) {
    throw std::invalid_argument(reason);
}

std::size_t count_of(std::string_view text) {
    const auto number = whole_number<std::size_t>(text);
    if (!number || *number == 0) {
        refuse("\"" + std::string(text) + "\" is not a whole number from 1");
    }
    return *number;
}

// Bytes, with a unit or without.
std::size_t size_of(std::string_view text) {
    for (const auto& [unit, shift] : {std::pair("kB", 10), std::pair("MB", 20), std::pair("GB", 30)}) {
        if (text.ends_with(unit)) {
            return count_of(text.substr(0, text.size() - 2)) << shift;
        }
    }
    return count_of(text);
}

std::chrono::seconds seconds_of(std::string_view text) {
    return std::chrono::seconds(count_of(text));
}

bool switch_of(std::string_view text) {
    if (text != "on" && text != "off") {
        refuse("\"" + std::string(text) + "\" is neither on nor off");
    }
    return text == "on";
}

const std::vector<Option>& options() {
    static const std::vector<Option> all = {
        {"database", "CONNINFO", "the database: a URL or words, as libpq takes them",
         [](Options& o, std::string_view v) { o.database = v; }},
        {"listen", "ADDRESS", "where to listen: 127.0.0.1:8080, [::1]:8080, unix:/PATH; may be repeated",
         [](Options& o, std::string_view v) { o.listen.emplace_back(v); }},
        {"pages", "FOLDER", "the folder with the pages; none are served without it",
         [](Options& o, std::string_view v) { o.pages = v; }},
        {"database-connections", "N", "connections to the database at most (8)",
         [](Options& o, std::string_view v) { o.database_connections = count_of(v); }},
        {"connections", "N", "clients' connections at most (10000)",
         [](Options& o, std::string_view v) { o.connections = count_of(v); }},
        {"connections-per-address", "N", "connections of one address at most (256)",
         [](Options& o, std::string_view v) { o.connections_per_address = count_of(v); }},
        {"requests", "N", "requests that are being answered at most (1000)",
         [](Options& o, std::string_view v) { o.requests = count_of(v); }},
        {"rpc-body-limit", "SIZE", "the largest body of a call (4MB)",
         [](Options& o, std::string_view v) { o.rpc_body_limit = size_of(v); }},
        {"webhook-body-limit", "SIZE", "the largest body of a webhook (1MB)",
         [](Options& o, std::string_view v) { o.webhook_body_limit = size_of(v); }},
        {"body-memory", "SIZE", "memory of all bodies together at most (256MB)",
         [](Options& o, std::string_view v) { o.body_memory = size_of(v); }},
        {"idle-time", "SECONDS", "how long a connection may wait between requests (60)",
         [](Options& o, std::string_view v) { o.idle_time = seconds_of(v); }},
        {"request-time", "SECONDS", "how long a request may take to arrive, and an answer to leave (30)",
         [](Options& o, std::string_view v) { o.request_time = seconds_of(v); }},
        {"call-time", "SECONDS", "how long a call may run in the database (30)",
         [](Options& o, std::string_view v) { o.call_time = seconds_of(v); }},
        {"allow-origin", "ORIGIN", "pages of this origin may call, such as https://app.example.com; may be repeated",
         [](Options& o, std::string_view v) { o.allowed_origins.emplace_back(v); }},
        {"trusted-proxy", "ADDRESS", "whose X-Forwarded-For counts: an address or network; may be repeated",
         [](Options& o, std::string_view v) { o.trusted_proxies.emplace_back(v); }},
        {"tls-certificate", "FILE", "the certificate chain, as PEM; read again when it changes",
         [](Options& o, std::string_view v) { o.tls_certificate = v; }},
        {"tls-key", "FILE", "the certificate's key, as PEM", [](Options& o, std::string_view v) { o.tls_key = v; }},
        {"log-requests", "on|off", "a log line for each request (on)",
         [](Options& o, std::string_view v) { o.log_requests = switch_of(v); }},
    };
    return all;
}

[[noreturn]] void print_help() {
    std::puts("helix-edge answers HTTP for helix. Usage: helix-edge --database CONNINFO --listen ADDRESS [OPTION...]");
    for (const Option& option : options()) {
        std::printf("  --%s %s\n        %s\n", option.name, option.value, option.meaning);
    }
    std::exit(0);
}

const Option& option_named(std::string_view name) {
    for (const Option& option : options()) {
        if (name == option.name) {
            return option;
        }
    }
    refuse("there is no option --" + std::string(name) + "; --help lists them");
}

void check(const Options& options) {
    if (options.launched && (!options.database.empty() || !options.listen.empty())) {
        refuse("the server says the database and where to listen (helix.edge_database, helix.edge_listen)");
    }
    if (!options.launched && options.database.empty()) {
        refuse("--database is missing");
    }
    if (!options.launched && options.listen.empty()) {
        refuse("--listen is missing");
    }
    if (options.tls_certificate.empty() != options.tls_key.empty()) {
        refuse("--tls-certificate and --tls-key go together");
    }
}

} // namespace

Options read_options(int argc, char** argv) {
    Options result;
    for (int place = 1; place < argc; ++place) {
        std::string_view word = argv[place];
        if (word == "--help") {
            print_help();
        }
        if (word == "--version") {
            std::puts("helix-edge " HELIX_VERSION);
            std::exit(0);
        }
        if (word == "--launched") {
            result.launched = true;
            continue;
        }
        if (!word.starts_with("--")) {
            refuse("\"" + std::string(word) + "\" is no option; --help lists them");
        }
        word.remove_prefix(2);
        const auto equals = word.find('=');
        const Option& option = option_named(word.substr(0, equals));
        if (equals == std::string_view::npos && place + 1 == argc) {
            refuse("--" + std::string(word) + " wants a value: " + option.value);
        }
        try {
            option.take(result, equals != std::string_view::npos ? word.substr(equals + 1) : argv[++place]);
        } catch (const std::invalid_argument& error) {
            refuse("--" + std::string(option.name) + ": " + error.what());
        }
    }
    check(result);
    return result;
}

} // namespace helix::edge
