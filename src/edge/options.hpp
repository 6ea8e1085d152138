// Owns: the options of the command line. main.cpp reads them; every part of the edge may look at them.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace helix::edge {

struct Options {
    std::string database;            // a URL or words of libpq
    std::string other_database;      // where that one does not let it in; empty: none
    std::vector<std::string> listen; // ADDRESS:PORT or unix:/PATH
    std::string pages;               // empty: no pages
    bool launched = false;           // by the server, which tells the rest through standard input
    std::size_t database_connections = 8;
    std::size_t connections = 10000;
    std::size_t connections_per_address = 256;
    std::size_t requests = 1000;
    std::size_t rpc_body_limit = std::size_t{4} << 20;
    std::size_t webhook_body_limit = std::size_t{1} << 20;
    std::size_t body_memory = std::size_t{256} << 20;
    std::chrono::seconds idle_time{60};
    std::chrono::seconds request_time{30};
    std::chrono::seconds call_time{30};
    std::vector<std::string> allowed_origins;
    std::vector<std::string> trusted_proxies;
    std::string tls_certificate;
    std::string tls_key;
    bool log_requests = true;
};

// Reads the command line. Throws std::invalid_argument with the reason. `--help` and `--version` print and exit.
Options read_options(int argc, char** argv);

} // namespace helix::edge
