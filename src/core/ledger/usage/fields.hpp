// Owns: the neutral form in which usage is read: an object flattened to fields. Whoever has JSON flattens it; the
// readers of shapes look into it. Anyone may use it.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace helix::usage {

enum class FieldKind : std::uint8_t { number, string, boolean, null };

// A scalar of the object. Steps of its path are separated by dots, elements of arrays are steps from 0 on:
// "promptTokensDetails.0.modality". A key that holds dots looks like steps, which suits OpenTelemetry. The text is a
// number in decimal notation, a string without quotes, or "true"; of null it does not matter.
struct Field {
    std::string_view path;
    FieldKind kind;
    std::string_view text;
};

inline constexpr std::size_t max_fields = 1024;
inline constexpr std::int64_t max_count = 1'000'000'000; // so that no sum of a user's tokens exceeds bigint

using ReadFields = std::bitset<max_fields>; // by the position of the field

// A count that an object gives, or 0 where it gives none.
struct Count {
    std::string_view name; // of the field that gives it
    std::int64_t value = 0;
    bool given = false;
};

// The number of whole units in `text`: "12" and "12.0". None where it is negative, has a fraction, or is above `max`.
std::optional<std::int64_t> whole_count(std::string_view text, std::int64_t max = max_count);

// All fields, and which of them were read.
class Fields {
  public:
    // Throws Error 22023 on more than max_fields.
    explicit Fields(std::span<const Field> fields);

    std::span<const Field> all() const { return fields_; }
    void mark(std::size_t position) { read_.set(position); }
    const ReadFields& read() const { return read_; }

  private:
    std::span<const Field> fields_;
    ReadFields read_;
};

// The fields below one place, such as "usage.", under names relative to it. Null is as good as missing.
class Object {
  public:
    Object(Fields& fields, std::string_view place) : fields_(&fields), place_(place) {}

    // Whether there is such a field, be it null: SDKs write the names of what they know.
    bool names(std::string_view name) const;
    bool names_any(std::initializer_list<std::string_view> some) const;
    bool is_number(std::string_view name) const;
    // Whether there is an object or an array of that name that is not empty.
    bool holds(std::string_view name) const;

    // An object within this one. Its place, such as full_name("iterations.0."), has to outlive it.
    Object at(std::string_view place) const { return {*fields_, place}; }

    // The first of these fields that is given. A count is a number or its digits as text. Throws Error 22023 where it
    // is something else or not whole, and 22003 where it is negative or above max_count.
    Count count(std::initializer_list<std::string_view> some);
    Count count(std::string_view name) { return count({name}); }

    // The same for a number that may have a fraction, to the nearest whole one. With a fraction it counts as unread, so
    // that it is kept as it was.
    Count rounded_count(std::string_view name);

    bool is_true(std::string_view name) const;

    // An amount of money as decimal text, without an exponent. Throws Error as count() does.
    std::optional<std::string_view> amount(std::initializer_list<std::string_view> some);

    // The first of these that is a text and not empty.
    std::string_view text(std::initializer_list<std::string_view> some);

    // The names of the fields below `name`, or of all fields of this place.
    std::vector<std::string_view> below(std::string_view name) const;

    // Counts that follow from others, such as a total: checked as count() does, and not worth keeping.
    void pass(std::initializer_list<std::string_view> some);

    // A name as errors show it: with its place.
    std::string full_name(std::string_view name) const { return std::string(place_) + std::string(name); }

  private:
    const Field* find(std::string_view name) const;
    const Field* find_given(std::initializer_list<std::string_view> some);
    void mark(const Field& field);

    Fields* fields_;
    std::string_view place_;
};

} // namespace helix::usage
