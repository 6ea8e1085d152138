// Owns: the fill lock of a key, which one reader at a time holds while it computes the key's value. It goes when the
// computing ends, however that is: by an error, a cancellation or the end of the process too. Used within cache/ only.
#pragma once

#include "cache/entry.hpp"

#include <string>

namespace helix::cache {

class FillLock {
  public:
    explicit FillLock(std::string_view key);
    FillLock(const FillLock&) = delete;
    FillLock& operator=(const FillLock&) = delete;
    ~FillLock();

    // Tries to get it, as take_turn() does. Nothing where Redis is away.
    std::optional<Turn> take(redis::Milliseconds lock_ms);

    // Its end leaves it to the next reader. Unless this is called nobody waits for a while: the value could not be
    // stored, so that others would wait for nothing.
    void leave_to_next() { release_ = Release::next_fills; }

    // Whether this process holds one. Then it must not wait for another: that one may wait for this.
    static bool held();

  private:
    void release() noexcept;
    static void release_all(int code, Datum argument);

    std::string key_;
    std::string name_; // as it was when the lock was last asked for
    std::string token_;
    Release release_ = Release::nobody_waits;
};

} // namespace helix::cache
