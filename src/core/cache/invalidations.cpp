// Adds to a set of stale things, keeps it small, and reads it back.
#include "core/cache/invalidations.hpp"

#include "core/cache/cache_key.hpp"
#include "core/glob.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <unordered_set>

namespace helix {

namespace {

using Kind = InvalidationKind;
using Length = std::uint16_t;

constexpr std::size_t header = sizeof(Kind) + sizeof(Length);

struct Item {
    Kind kind;
    std::string_view whole;   // with its header
    std::string_view content; // without it

    std::string_view user_bytes() const { return content.substr(0, sizeof(UuidBytes)); }
    std::string_view text() const { return content.substr(sizeof(UuidBytes)); }
};

template <typename F>
void for_each(std::span<const char> bytes, F f) {
    std::string_view rest(bytes.data(), bytes.size());
    while (rest.size() >= header) {
        Length length = 0;
        std::memcpy(&length, rest.data() + sizeof(Kind), sizeof(length));
        const auto whole = rest.substr(0, header + length);
        f(Item{static_cast<Kind>(rest.front()), whole, whole.substr(header)});
        rest.remove_prefix(whole.size());
    }
}

UuidBytes uuid_of(std::string_view bytes) {
    UuidBytes uuid{};
    std::copy(bytes.begin(), bytes.end(), uuid.begin());
    return uuid;
}

// The user whose keys an item names; nothing where they may be of any user.
std::optional<UuidBytes> user_of(const Item& item) {
    switch (item.kind) {
    case Kind::key:
        return parse_uuid(cache_key::user_of(item.content));
    case Kind::pattern: // the user must stand before the first wildcard
        return parse_uuid(cache_key::user_of(cache_key::scope_of_prefix(glob_prefix(item.content).literal)));
    default:
        return uuid_of(item.user_bytes());
    }
}

} // namespace

void Invalidations::append(Kind kind, const UuidBytes* user, std::string_view text) {
    ++additions_;
    const auto length = static_cast<Length>((user != nullptr ? sizeof(UuidBytes) : 0) + text.size());
    char item[header + sizeof(UuidBytes) + longest_text];
    item[0] = static_cast<char>(kind);
    std::memcpy(item + sizeof(kind), &length, sizeof(length));
    std::size_t size = header;
    if (user != nullptr) {
        std::memcpy(item + size, user->data(), user->size());
        size += user->size();
    }
    std::copy(text.begin(), text.end(), item + size);
    size += text.size();
    const bool repeats =
        !bytes_.empty() && bytes_.size() - last_ == size && std::memcmp(bytes_.data() + last_, item, size) == 0;
    if (!repeats) {
        last_ = bytes_.size();
        bytes_.insert(bytes_.end(), item, item + size);
        if (bytes_.size() > most_bytes_) {
            shrink();
        }
    }
}

void Invalidations::add_text(Kind kind, std::string_view text) {
    if (text.size() > longest_text) {
        add_everything();
    } else if (!everything_) {
        append(kind, nullptr, text);
    }
}

void Invalidations::add_sums(const UuidBytes& user, std::string_view operation) {
    if (operation.size() > longest_text) {
        add_user(user);
    } else if (!everything_) {
        append(Kind::sums, &user, operation);
    }
}

void Invalidations::add_user(const UuidBytes& user) {
    if (!everything_) {
        append(Kind::user, &user, {});
    }
}

void Invalidations::add_everything() noexcept {
    bytes_.clear();
    everything_ = true;
    ++additions_;
}

void Invalidations::clear() noexcept {
    bytes_.clear();
    everything_ = false;
}

// Goes on until half of the room is free. Else a long transaction would come here with every row.
void Invalidations::shrink() {
    remove_repeats();
    if (bytes_.size() > most_bytes_ / 2) {
        reduce_to_users();
    }
    if (bytes_.size() > most_bytes_ / 2) {
        add_everything();
    }
}

void Invalidations::remove_repeats() {
    const std::vector<char> old = std::move(bytes_);
    bytes_.clear();
    std::unordered_set<std::string_view> seen;
    for_each(old, [&](const Item& item) {
        if (seen.insert(item.whole).second) {
            bytes_.insert(bytes_.end(), item.whole.begin(), item.whole.end());
        }
    });
    last_ = bytes_.size();
}

void Invalidations::reduce_to_users() {
    const std::vector<char> old = std::move(bytes_);
    bytes_.clear();
    bool all_have_users = true;
    std::set<UuidBytes> users;
    for_each(old, [&](const Item& item) {
        const auto user = user_of(item);
        all_have_users = all_have_users && user;
        if (user) {
            users.insert(*user);
        }
    });
    if (!all_have_users || users.size() * (header + sizeof(UuidBytes)) > most_bytes_ / 2) {
        add_everything();
        return;
    }
    for (const auto& user : users) {
        append(Kind::user, &user, {});
    }
}

bool Invalidations::covers(std::string_view key) const {
    class Cover final : public InvalidationVisitor {
      public:
        explicit Cover(std::string_view key) : key_(key) {}
        void key(std::string_view key) override { found = found || key == key_; }
        void pattern(std::string_view pattern) override { found = found || glob_matches(pattern, key_); }
        void sums(std::string_view user, std::string_view operation) override {
            for (const auto& each : cache_key::sum_patterns(user, operation)) {
                pattern(each.text);
            }
        }
        void user(std::string_view user) override { found = found || key_.find(user) != std::string_view::npos; }
        void everything() override { found = true; }
        bool found = false;

      private:
        std::string_view key_;
    };
    Cover cover(key);
    visit(bytes_, cover);
    return everything_ || cover.found;
}

void Invalidations::visit(std::span<const char> bytes, InvalidationVisitor& visitor) {
    for_each(bytes, [&](const Item& item) {
        switch (item.kind) {
        case Kind::key:
            return visitor.key(item.content);
        case Kind::pattern:
            return visitor.pattern(item.content);
        case Kind::sums:
            return visitor.sums(format_uuid(uuid_of(item.user_bytes())), item.text());
        case Kind::user:
            return visitor.user(format_uuid(uuid_of(item.user_bytes())));
        }
        visitor.everything(); // a kind that nobody writes: too much is safe
    });
}

} // namespace helix
