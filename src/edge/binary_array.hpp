// Owns: one-dimensional arrays in PostgreSQL's binary form, which needs no quoting. recordings.cpp uses it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace helix::edge {

class BinaryArray {
  public:
    // Of elements of this type. Object ids of built-in types never change.
    enum class Type : std::uint32_t { boolean = 16, text = 25, uuid = 2950 };

    explicit BinaryArray(Type type);

    void add(std::string_view element);
    void add_null();

    // The array; it is of no further use then.
    std::string take();

  private:
    std::string bytes_;
    std::uint32_t count_ = 0;
};

} // namespace helix::edge
