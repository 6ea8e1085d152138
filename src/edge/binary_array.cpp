// The layout of array_recv(): dimensions, whether there are nulls, the type, the length, the first index, the elements.
#include "edge/binary_array.hpp"

namespace helix::edge {

namespace {

constexpr std::size_t place_of_count = 12;

void write(std::string& bytes, std::size_t place, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes[place++] = static_cast<char>(value >> shift);
    }
}

void append(std::string& bytes, std::uint32_t value) {
    bytes.resize(bytes.size() + sizeof value);
    write(bytes, bytes.size() - sizeof value, value);
}

} // namespace

BinaryArray::BinaryArray(Type type) {
    append(bytes_, 1);
    append(bytes_, 1);
    append(bytes_, static_cast<std::uint32_t>(type));
    append(bytes_, 0);
    append(bytes_, 1);
}

void BinaryArray::add(std::string_view element) {
    append(bytes_, static_cast<std::uint32_t>(element.size()));
    bytes_ += element;
    ++count_;
}

void BinaryArray::add_null() {
    append(bytes_, UINT32_MAX);
    ++count_;
}

std::string BinaryArray::take() {
    write(bytes_, place_of_count, count_);
    return std::move(bytes_);
}

} // namespace helix::edge
