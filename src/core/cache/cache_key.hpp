// Owns: what a cache key says by its form: segments between colons, of which one may be a user's id. Also the names of
// the keys that helix keeps for itself in Redis. Anyone may use it.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace helix::cache_key {

// Every key that helix keeps for itself in Redis begins so.
inline constexpr std::string_view own_prefix = "helix:";
inline constexpr std::string_view epoch = "helix:epoch";
inline constexpr std::string_view cache_lease = "helix:lease";
inline constexpr std::string_view tag_prefix = "helix:tag:";
inline constexpr std::string_view token_prefix = "helix:token:";

// The first segment that is a uuid; empty where none is.
std::string_view user_of(std::string_view key) noexcept;

// Every segment that is a uuid, in order.
std::vector<std::string_view> users_of(std::string_view key);

// Whether a segment is a uuid with capitals. Then two keys that differ could name one user.
bool has_capital_uuid(std::string_view key);

// What one token vouches for: the key up to the end of its first uuid ("cost_trends:<user>"), else the whole key.
std::string_view scope_of(std::string_view key) noexcept;

// The scope that holds every key which begins with `prefix`; empty where there is no such scope.
std::string_view scope_of_prefix(std::string_view prefix) noexcept;

// Whether `key` is one of those that helix keeps for itself.
bool is_own(std::string_view key) noexcept;

std::string tag_of(std::string_view key);
std::string scope_token(std::string_view scope);
std::string user_token(std::string_view user); // "-" stands for no user

// The patterns of the keys that an execution makes stale: the user's trends, the operation's metrics, the metrics of
// all operations, and the dashboard.
struct SumPattern {
    std::string text;
    std::size_t scope_size;

    std::string_view scope() const { return std::string_view(text).substr(0, scope_size); }
};
std::array<SumPattern, 4> sum_patterns(std::string_view user, std::string_view operation);

} // namespace helix::cache_key
