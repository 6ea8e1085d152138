// Counts latencies in bins, and reads percentiles out of them.
#include "core/ledger/sketch.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace helix {

namespace {

constexpr std::byte bins_format{1};
constexpr std::byte list_format{2};
constexpr std::uint64_t largest_latency = std::numeric_limits<std::int32_t>::max();
constexpr double gamma_ratio = (1.0 + LatencySketch::relative_accuracy) / (1.0 - LatencySketch::relative_accuracy);
const double log_gamma_ratio = std::log(gamma_ratio);

[[noreturn]] void corrupt(const char* why) {
    throw Error(sqlstate::data_corrupted, "invalid latency sketch", why, "The value was not written by helix.");
}

void put_varint(std::vector<std::byte>& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<std::byte>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<std::byte>(value));
}

std::uint64_t get_varint(std::span<const std::byte>& in) {
    std::uint64_t value = 0;
    for (int shift = 0; !in.empty(); shift += 7) {
        const auto byte = std::to_integer<std::uint64_t>(in.front());
        in = in.subspan(1);
        if (shift > 63 || (shift == 63 && byte > 1)) {
            corrupt("A count does not fit in 64 bits.");
        }
        value |= (byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            if (byte == 0 && shift > 0) {
                corrupt("A count is not in its shortest form.");
            }
            return value;
        }
    }
    corrupt("The bytes end within a count.");
}

} // namespace

// Bin 0 holds 0 ms; bin i holds the values whose logarithm to the base gamma rounds up to i - 1.
std::uint32_t LatencySketch::index_of(std::int32_t milliseconds) {
    if (milliseconds == 0) {
        return 0;
    }
    return 1 + static_cast<std::uint32_t>(std::ceil(std::log(static_cast<double>(milliseconds)) / log_gamma_ratio));
}

std::int64_t LatencySketch::value_of(std::uint32_t index) {
    if (index == 0) {
        return 0;
    }
    return std::llround(2.0 * std::exp((index - 1.0) * log_gamma_ratio) / (gamma_ratio + 1.0));
}

void LatencySketch::add(std::int32_t milliseconds, std::uint64_t count) {
    if (count == 0) {
        return;
    }
    min_ = std::min(min_, milliseconds);
    max_ = std::max(max_, milliseconds);
    if (bins_.empty() && count <= longest_list - listed_) {
        const auto end = list_.begin() + listed_;
        const auto at = std::upper_bound(list_.begin(), end, milliseconds);
        std::copy_backward(at, end, end + static_cast<std::ptrdiff_t>(count));
        std::fill_n(at, count, milliseconds);
        listed_ += static_cast<std::uint32_t>(count);
        return;
    }
    leave_list();
    add_to_bin(milliseconds, count);
}

void LatencySketch::leave_list() {
    for (std::uint32_t i = 0; i < listed_; ++i) {
        add_to_bin(list_[i], 1);
    }
    listed_ = 0;
}

void LatencySketch::add_to_bin(std::int32_t milliseconds, std::uint64_t count) {
    const auto index = index_of(milliseconds);
    const auto at = std::lower_bound(bins_.begin(), bins_.end(), index,
                                     [](const Bin& bin, std::uint32_t wanted) { return bin.index < wanted; });
    if (at != bins_.end() && at->index == index) {
        at->count += count;
    } else {
        bins_.insert(at, Bin{index, count});
    }
}

void LatencySketch::merge(const LatencySketch& other) {
    if (empty()) {
        *this = other;
        return;
    }
    if (!other.bins_.empty()) {
        merge_bins(other);
        return;
    }
    const auto list = other.list_; // a copy: other may be this one
    for (std::uint32_t i = 0, length = other.listed_; i < length; ++i) {
        add(list[i]);
    }
}

void LatencySketch::merge_bins(const LatencySketch& other) {
    leave_list();
    auto at = bins_.begin(); // in place: most bins of the next sketch are there already
    for (const Bin& bin : other.bins_) {
        while (at != bins_.end() && at->index < bin.index) {
            ++at;
        }
        if (at != bins_.end() && at->index == bin.index) {
            at->count += bin.count;
        } else {
            at = bins_.insert(at, bin);
        }
    }
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
}

std::uint64_t LatencySketch::count() const {
    std::uint64_t total = listed_;
    for (const auto& bin : bins_) {
        total += bin.count;
    }
    return total;
}

std::optional<std::int64_t> LatencySketch::percentile(double percent) const {
    if (empty()) {
        return std::nullopt;
    }
    const auto total = static_cast<double>(count());
    const double rank = std::clamp(std::ceil(percent / 100.0 * total), 1.0, total);
    if (listed_ > 0) {
        return list_[static_cast<std::size_t>(rank) - 1];
    }
    double seen = 0;
    for (const auto& bin : bins_) {
        seen += static_cast<double>(bin.count);
        if (seen >= rank) {
            return std::clamp<std::int64_t>(value_of(bin.index), min_, max_);
        }
    }
    return max_;
}

std::vector<std::byte> LatencySketch::encode() const {
    return bins_.empty() ? encode_list() : encode_bins();
}

std::vector<std::byte> LatencySketch::encode_list() const {
    std::vector<std::byte> out{list_format};
    std::int32_t before = 0;
    for (std::uint32_t i = 0; i < listed_; ++i) {
        put_varint(out, static_cast<std::uint64_t>(list_[i] - before));
        before = list_[i];
    }
    return out;
}

std::vector<std::byte> LatencySketch::encode_bins() const {
    std::vector<std::byte> out;
    out.reserve(1 + bins_.size() * 3);
    out.push_back(bins_format);
    put_varint(out, static_cast<std::uint64_t>(min_));
    put_varint(out, static_cast<std::uint64_t>(max_ - min_));
    std::uint32_t next = 0;
    for (const auto& bin : bins_) {
        put_varint(out, bin.index - next);
        put_varint(out, bin.count);
        next = bin.index + 1;
    }
    return out;
}

LatencySketch LatencySketch::decode(std::span<const std::byte> bytes) {
    if (bytes.empty() || (bytes.front() != bins_format && bytes.front() != list_format)) {
        corrupt("The first byte is neither 1 nor 2.");
    }
    return bytes.front() == list_format ? decode_list(bytes.subspan(1)) : decode_bins(bytes.subspan(1));
}

LatencySketch LatencySketch::decode_list(std::span<const std::byte> bytes) {
    LatencySketch sketch;
    std::uint64_t value = 0;
    while (!bytes.empty()) {
        const auto gap = get_varint(bytes);
        if (gap > largest_latency - value) {
            corrupt("A value is larger than any latency.");
        }
        value += gap;
        if (sketch.listed_ == longest_list) {
            corrupt("The list is too long.");
        }
        sketch.add(static_cast<std::int32_t>(value));
    }
    return sketch;
}

LatencySketch LatencySketch::decode_bins(std::span<const std::byte> bytes) {
    static const std::uint32_t last_index = index_of(std::numeric_limits<std::int32_t>::max());
    LatencySketch sketch;
    const auto min = get_varint(bytes);
    const auto span = get_varint(bytes);
    if (min > largest_latency || span > largest_latency - min) {
        corrupt("The range of values is impossible.");
    }
    sketch.min_ = static_cast<std::int32_t>(min);
    sketch.max_ = static_cast<std::int32_t>(min + span);
    sketch.bins_.reserve(bytes.size() / 2);
    std::uint64_t next = 0;
    while (!bytes.empty()) {
        const auto gap = get_varint(bytes);
        const auto count = get_varint(bytes);
        if (gap > last_index || next + gap > last_index) {
            corrupt("A bin lies beyond the largest latency.");
        }
        if (count == 0) {
            corrupt("A bin is empty.");
        }
        sketch.bins_.push_back(Bin{static_cast<std::uint32_t>(next + gap), count});
        next += gap + 1;
    }
    if (sketch.bins_.empty() || sketch.bins_.front().index != index_of(sketch.min_) ||
        sketch.bins_.back().index != index_of(sketch.max_)) {
        corrupt("The bins do not match the range of values.");
    }
    if (sketch.count() <= longest_list) {
        corrupt("So few values are a list.");
    }
    return sketch;
}

} // namespace helix
