// Owns: how many connections, requests and bytes there are at a time, in all and for one address. listener.cpp and
// session.cpp count here.
#pragma once

#include "edge/options.hpp"

#include <string>
#include <string_view>
#include <unordered_map>

namespace helix::edge {

class Limits {
  public:
    explicit Limits(const Options& options) : options_(options) {}

    // What is counted as long as it lives.
    class Slot {
      public:
        Slot() = default;
        Slot(Slot&& other) noexcept { *this = std::move(other); }
        Slot& operator=(Slot&& other) noexcept;
        ~Slot() { release(); }

        explicit operator bool() const { return limits_ != nullptr; }

      private:
        friend class Limits;
        enum class Kind { connection, request, memory, address };
        Slot(Limits& limits, Kind kind, std::size_t bytes, std::string address)
            : limits_(&limits), kind_(kind), bytes_(bytes), address_(std::move(address)) {}
        void release();

        Limits* limits_ = nullptr;
        Kind kind_ = Kind::connection;
        std::size_t bytes_ = 0;
        std::string address_;
    };

    // An empty slot: there are too many.
    Slot connection();
    Slot request();
    Slot memory(std::size_t bytes);
    Slot address(const std::string& address);

  private:
    const Options& options_;
    std::size_t connections_ = 0;
    std::size_t requests_ = 0;
    std::size_t memory_ = 0;
    std::unordered_map<std::string, std::size_t> addresses_;
};

} // namespace helix::edge
