// TLS 1.2 and newer, by OpenSSL.
#include "edge/certificate.hpp"

#include "edge/log.hpp"

namespace helix::edge {

namespace ssl = boost::asio::ssl;

namespace {

constexpr std::chrono::seconds between_looks{1};

} // namespace

Certificate::Certificate(const Options& options) : options_(options) {
    if (!options_.tls_certificate.empty()) {
        read_times_ = times();
        context_ = read();
    }
}

std::shared_ptr<ssl::context> Certificate::read() const {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                         ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
    context->use_certificate_chain_file(options_.tls_certificate);
    context->use_private_key_file(options_.tls_key, ssl::context::pem);
    return context;
}

Certificate::Times Certificate::times() const {
    return {std::filesystem::last_write_time(options_.tls_certificate),
            std::filesystem::last_write_time(options_.tls_key)};
}

// Files that cannot be used, as while they are being replaced, leave what was read before.
void Certificate::refresh() {
    try {
        const Times found = times();
        if (found != read_times_) {
            context_ = read();
            read_times_ = found;
            log_event("the certificate was read again");
        }
    } catch (const std::exception& error) {
        log_event(std::string("the certificate stays as it was: ") + error.what());
    }
}

std::shared_ptr<ssl::context> Certificate::current() {
    if (context_ != nullptr && Clock::now() - looked_at_ > between_looks) {
        looked_at_ = Clock::now();
        refresh();
    }
    return context_;
}

} // namespace helix::edge
