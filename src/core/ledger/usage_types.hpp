// Owns: the kinds of usage that are counted and priced, and how they relate. operations/ fills them from
// helix.usage_types; anyone may read them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace helix {

// A place in UsageTypes. The first three have columns of their own in the ledger, and always exist.
using UsageTypeId = std::size_t;
inline constexpr UsageTypeId input_type = 0;
inline constexpr UsageTypeId cached_input_type = 1;
inline constexpr UsageTypeId output_type = 2;

struct UsageType {
    std::string name;
    bool in_prompt = false;               // its tokens make the prompt longer, which decides the band of prices
    std::optional<UsageTypeId> part_of;   // its count is also in the count of that type
    std::optional<UsageTypeId> priced_as; // the type whose rate stands in where it has none
};

// How much there was of one type: tokens, requests or seconds, at least 0.
struct Use {
    UsageTypeId type = 0;
    std::int64_t count = 0;
};

class UsageTypes {
  public:
    UsageTypes();

    // A type without a place yet gets one, and another call for it replaces what was said.
    UsageTypeId add(std::string_view name);
    UsageType& at(UsageTypeId type) { return types_[type]; }

    std::optional<UsageTypeId> find(std::string_view name) const;
    const UsageType& operator[](UsageTypeId type) const { return types_[type]; }
    std::size_t size() const noexcept { return types_.size(); }

  private:
    std::vector<UsageType> types_;
    std::map<std::string, UsageTypeId, std::less<>> by_name_;
};

} // namespace helix
