// Owns: a set of things that a transaction makes stale in the cache, as bytes that can be copied through shared memory.
// It stays within a given size. Where it would not, all that is a user's becomes "what helix owns of this user". Where
// that is still too much, the set becomes "everything". Anyone may use it.
#pragma once

#include "core/uuid.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace helix {

// Reads a set back.
class InvalidationVisitor {
  public:
    InvalidationVisitor() = default;
    InvalidationVisitor(const InvalidationVisitor&) = delete;
    InvalidationVisitor& operator=(const InvalidationVisitor&) = delete;
    virtual ~InvalidationVisitor() = default;

    virtual void key(std::string_view key) = 0;
    virtual void pattern(std::string_view pattern) = 0;
    virtual void sums(std::string_view user, std::string_view operation) = 0;
    virtual void user(std::string_view user) = 0; // every key with the user's id that helix owns
    virtual void everything() = 0;
};

// The kinds of things in a set.
enum class InvalidationKind : char { key = 'k', pattern = 'p', sums = 's', user = 'u' };

class Invalidations {
  public:
    static constexpr std::size_t longest_text = 1024; // of a key, a pattern or an operation

    explicit Invalidations(std::size_t most_bytes) : most_bytes_(most_bytes) {}

    // A text that is longer than longest_text becomes the next larger thing: the user, or everything.
    void add_key(std::string_view key) { add_text(InvalidationKind::key, key); }
    void add_pattern(std::string_view pattern) { add_text(InvalidationKind::pattern, pattern); }
    void add_sums(const UuidBytes& user, std::string_view operation); // an execution of `operation` was recorded
    void add_user(const UuidBytes& user);
    void add_everything() noexcept;

    // Grows with each addition, so that a caller can tell whether there was one since.
    std::uint64_t additions() const noexcept { return additions_; }

    bool empty() const noexcept { return bytes_.empty() && !everything_; }
    bool is_everything() const noexcept { return everything_; }
    void clear() noexcept;

    // Whether a value under `key` may be stale by what is in the set. Reads the whole set.
    bool covers(std::string_view key) const;

    std::span<const char> bytes() const noexcept { return bytes_; }
    static void visit(std::span<const char> bytes, InvalidationVisitor& visitor);

  private:
    void add_text(InvalidationKind kind, std::string_view text);
    void append(InvalidationKind kind, const UuidBytes* user, std::string_view text);
    void shrink();
    void remove_repeats();
    void reduce_to_users();

    std::size_t most_bytes_;
    std::vector<char> bytes_; // items: kind, length of the rest (2 bytes), user (16 bytes; not in texts), text
    std::size_t last_ = 0;    // where the last item begins
    bool everything_ = false;
    std::uint64_t additions_ = 0;
};

} // namespace helix
