// Owns: the certificate of the TLS listeners, read again when its files change. listener.cpp asks it.
#pragma once

#include "edge/deadlines.hpp"
#include "edge/options.hpp"

#include <boost/asio/ssl/context.hpp>

#include <filesystem>
#include <memory>

namespace helix::edge {

class Certificate {
  public:
    // Throws std::exception where the files cannot be used.
    explicit Certificate(const Options& options);

    // For a new connection. Null: TLS is not spoken.
    std::shared_ptr<boost::asio::ssl::context> current();

  private:
    using Times = std::pair<std::filesystem::file_time_type, std::filesystem::file_time_type>;

    std::shared_ptr<boost::asio::ssl::context> read() const;
    Times times() const;
    void refresh();

    const Options& options_;
    std::shared_ptr<boost::asio::ssl::context> context_;
    Times read_times_;
    Clock::time_point looked_at_;
};

} // namespace helix::edge
