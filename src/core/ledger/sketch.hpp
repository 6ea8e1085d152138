// Owns: the mergeable latency sketch behind p50, p95 and p99. Anyone may use it.
// DDSketch: Masson, Rim, Lee, «DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees»,
// VLDB 2019. Values are whole milliseconds, so the bins are bounded and none is ever collapsed. Few values are a plain
// list: most rows of sparse users hold one or two, and a list of them is shorter and exact.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace helix {

class LatencySketch {
  public:
    // Bins are 0.5 % wide to either side. So, rounded to whole milliseconds, a quantile is exact up to 100 ms and
    // within 1 % above.
    static constexpr double relative_accuracy = 0.005;

    // Up to so many values are kept as they are.
    static constexpr std::uint32_t longest_list = 7;

    // Adds `count` values of `milliseconds` (at least 0).
    void add(std::int32_t milliseconds, std::uint64_t count = 1);

    // Afterwards this equals a sketch that has seen the values of both.
    void merge(const LatencySketch& other);

    std::uint64_t count() const;
    bool empty() const { return listed_ == 0 && bins_.empty(); }

    // The value at rank ceil(percent / 100 * count) in whole milliseconds, never beyond the smallest or largest value
    // seen. None where the sketch is empty. `percent` is 0 to 100.
    std::optional<std::int64_t> percentile(double percent) const;

    // Canonical bytes: equal sketches have equal bytes. The first byte tells a list (2) from bins (1); LEB128 follows.
    // Of a list: the smallest value, and the gaps to the next ones. Of bins: the smallest value, its distance to the
    // largest, and for each bin the gap to the bin before and the count.
    std::vector<std::byte> encode() const;

    // Throws Error XX001 where the bytes are not what encode() writes.
    static LatencySketch decode(std::span<const std::byte> bytes);

  private:
    struct Bin {
        std::uint32_t index;
        std::uint64_t count;
    };
    static std::uint32_t index_of(std::int32_t milliseconds);
    static std::int64_t value_of(std::uint32_t index);

    void leave_list();
    void add_to_bin(std::int32_t milliseconds, std::uint64_t count);
    void merge_bins(const LatencySketch& other);
    std::vector<std::byte> encode_list() const;
    std::vector<std::byte> encode_bins() const;
    static LatencySketch decode_list(std::span<const std::byte> bytes);
    static LatencySketch decode_bins(std::span<const std::byte> bytes);

    std::array<std::int32_t, longest_list> list_{}; // the first listed_ of them, ascending; none where there are bins
    std::uint32_t listed_ = 0;
    std::vector<Bin> bins_; // by index, counts never 0
    std::int32_t min_ = std::numeric_limits<std::int32_t>::max();
    std::int32_t max_ = 0;
};

} // namespace helix
