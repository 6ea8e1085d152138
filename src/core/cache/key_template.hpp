// Owns: templates of cache keys over a row's columns: "op_pref:{user_id}:{operation_id}", "cost_trends:{user_id}:*".
// Anyone may use it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace helix {

class KeyTemplate {
  public:
    // Throws Error 22023 on braces that do not pair, on an empty name, and on a set or backslash that reaches into a
    // column. The same where no text comes before the first column or star.
    explicit KeyTemplate(std::string_view text);

    const std::vector<std::string>& columns() const { return columns_; }
    bool is_pattern() const { return is_pattern_; }

    // The key or pattern of one row. `values` come in the order of columns(); in a pattern they are escaped.
    std::string expanded(const std::vector<std::string_view>& values) const;

    // The pattern of every row's keys.
    std::string pattern() const;

  private:
    std::vector<std::string> columns_;
    std::vector<std::string> texts_; // before, between and behind the columns: one more than there are columns
    bool is_pattern_ = false;
};

} // namespace helix
