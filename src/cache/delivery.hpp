// Owns: what has been committed and is on its way to Redis: tokens, exact keys, the message to local caches, and the
// repetition for clients that set plain keys blindly. Used by the invalidator only.
#pragma once

#include "cache/sweep.hpp"
#include "core/invalidations.hpp"

#include <deque>
#include <unordered_set>

namespace helix::cache {

class Delivery final : public InvalidationVisitor {
  public:
    explicit Delivery(Sweep& sweep) : sweep_(sweep) {}

    void key(std::string_view key) override;
    void pattern(std::string_view pattern) override;
    void sums(std::string_view user, std::string_view operation) override;
    void user(std::string_view user) override;
    void owned_by(std::string_view user) override;
    void everything() override;

    // Appends the commands for all of it, and for the repetitions that are due.
    void append(redis::Connection& connection, redis::Milliseconds repeat_delay);
    // Keys and patterns that the last append() has sent.
    std::size_t sent() const { return sent_; }

    bool empty() const { return batch_.empty() && !new_epoch_; }
    std::optional<redis::Deadline> repeat_due() const;
    void clear();

    // The epoch that append() has set last; for comparison with what Redis holds.
    const std::string& epoch() const { return epoch_; }
    void renew_epoch() { new_epoch_ = true; }
    bool sets_epoch() const { return new_epoch_; }

  private:
    using Set = std::unordered_set<std::string>;
    struct Batch {
        Set keys;
        Set patterns;
        Set users;
        Set owners; // of keys of helix's own
        bool everything = false;
        bool empty() const { return size() == 0 && !everything; }
        std::size_t size() const { return keys.size() + patterns.size() + users.size() + owners.size(); }
    };
    struct Repetition {
        redis::Deadline due;
        Batch batch;
        std::size_t bytes;
    };

    void append_epoch(redis::Connection& connection);
    void append_messages(redis::Connection& connection);
    std::size_t batch_bytes() const;
    void sweep_for(const Batch& batch);
    void remember(redis::Milliseconds delay);
    void take_due_repetitions(Set& keys);

    Sweep& sweep_;
    Set tokens_;
    Batch batch_;
    bool new_epoch_ = false;
    std::string epoch_;
    std::deque<Repetition> repetitions_;
    std::size_t sent_ = 0;
};

// UNLINK in commands of a bounded length.
template <typename Keys>
void append_unlink(redis::Connection& connection, const Keys& keys) {
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

// A token that was never used before: 128 random bits, written as a uuid.
std::string fresh_token();

} // namespace helix::cache
