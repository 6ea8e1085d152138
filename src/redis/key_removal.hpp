// Owns: the removal of what commits have made stale. It removes tokens and exact keys, and tells local caches. Later it
// repeats that, for clients that set plain keys blindly. Used by the invalidator only.
#pragma once

#include "core/cache/invalidations.hpp"
#include "core/text_set.hpp"
#include "redis/sweep.hpp"

#include <deque>
#include <memory>

namespace helix::redis {

class KeyRemoval final : public InvalidationVisitor {
  public:
    // Returns a token that was never used before.
    using TokenSource = std::string (*)();

    KeyRemoval(Sweep& sweep, TokenSource fresh_token) : sweep_(sweep), fresh_token_(fresh_token) {}

    void key(std::string_view key) override;
    void pattern(std::string_view pattern) override;
    void sums(std::string_view user, std::string_view operation) override;
    void user(std::string_view user) override;
    void everything() override;

    // Appends the commands for all that was named, and for the repetitions that are due.
    void append(Connection& connection, Milliseconds repeat_delay);
    // The number of keys, patterns and users in the last append().
    std::size_t sent() const { return sent_; }

    bool empty() const { return batch_->empty() && !new_epoch_; }
    std::optional<Deadline> repeat_due() const;
    void clear();

    // The epoch that append() has set last, to be compared with what Redis holds.
    const std::string& epoch() const { return epoch_; }
    void renew_epoch() { new_epoch_ = true; }
    bool sets_epoch() const { return new_epoch_; }

  private:
    // What one append() sends. It is filled, kept for the repetition and dropped as a whole, and so is its memory. With
    // many users at once, half of the time would else go into allocating and freeing each name.
    struct Batch {
        Arena memory;
        ArenaTextSet tokens{memory};
        ArenaTextSet keys{memory};
        ArenaTextSet patterns{memory};
        ArenaTextSet users{memory};
        bool everything = false;

        bool empty() const { return size() == 0 && !everything; }
        std::size_t size() const { return keys.size() + patterns.size() + users.size(); }
        std::size_t bytes() const { return sizeof(*this) + memory.bytes(); }
    };
    struct Repetition {
        Deadline due;
        std::unique_ptr<Batch> batch;
    };

    void append_epoch(Connection& connection);
    void append_messages(Connection& connection);
    void append_keys(Connection& connection, const std::vector<Repetition>& due);
    void sweep_for(const Batch& batch);
    void remember(Milliseconds delay);
    std::vector<Repetition> take_due_repetitions();

    Sweep& sweep_;
    TokenSource fresh_token_;
    std::unique_ptr<Batch> batch_ = std::make_unique<Batch>();
    bool new_epoch_ = false;
    std::string epoch_;
    std::deque<Repetition> repetitions_;
    std::size_t repeated_bytes_ = 0;
    std::size_t sent_ = 0;
};

// Appends UNLINK for all keys, in commands of a bounded length.
template <typename Keys>
void append_unlink(Connection& connection, const Keys& keys) {
    constexpr std::size_t most_words = 1024;
    std::vector<std::string_view> words;
    for (const auto& key : keys) {
        if (words.empty()) {
            words.emplace_back("UNLINK");
        }
        words.emplace_back(key);
        if (words.size() == most_words) {
            connection.append(words);
            words.clear();
        }
    }
    if (!words.empty()) {
        connection.append(words);
    }
}

} // namespace helix::redis
