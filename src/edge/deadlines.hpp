// Owns: the deadlines of everything that waits for somebody else: clients and the database. One timer looks at all of
// them, so that setting a deadline costs nothing. Sessions and connections register themselves.
#pragma once

#include <chrono>
#include <unordered_set>

namespace helix::edge {

using Clock = std::chrono::steady_clock;

class Deadlines;

// Something that must not wait for ever. It is registered as long as it lives.
class Watched {
  public:
    explicit Watched(Deadlines& deadlines);
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
    virtual ~Watched();

    void wait_until(Clock::time_point deadline) { deadline_ = deadline; }
    void wait_no_longer_than(Clock::duration time) { wait_until(Clock::now() + time); }
    void wait_freely() { wait_until(Clock::time_point::max()); }

    Clock::time_point deadline() const { return deadline_; }

    // Ends what it waits for. Called once for a deadline.
    virtual void expire() = 0;

  private:
    Deadlines& deadlines_;
    Clock::time_point deadline_ = Clock::time_point::max();
};

class Deadlines {
  public:
    static constexpr std::chrono::milliseconds resolution{100};

    // Expires what is late. To be called each `resolution`.
    void check();

  private:
    friend class Watched;
    std::unordered_set<Watched*> watched_;
};

} // namespace helix::edge
