// Owns: taking input and output apart into counts that do not overlap. For the readers of shapes.
#pragma once

#include "core/ledger/usage/usage.hpp"

namespace helix::usage {

// Counts of the input as they are given. The parts are included in `total`, and audio and images may be cached.
struct InputParts {
    Count total;
    Count cached;
    Count write;
    Count write_1h;
    Count audio;
    Count image;
    Count cached_audio;
    Count cached_image;
    Count other; // of kinds that have no price of their own

    // Tokens that were read from a cache or written to one.
    std::int64_t of_cache() const { return cached.value + write.value + write_1h.value; }
};

// The parts are included in `total`.
struct OutputParts {
    Count total;
    Count reasoning;
    Count audio;
    Count image;
    Count other; // of kinds that have no price of their own

    std::int64_t of_parts() const { return reasoning.value + audio.value + image.value; }
};

// Throws Error 22023 where the parts are more than the total in which they are included.
void check_included(const Object& object, const Count& total, std::initializer_list<Count> parts);

// Where it is not known how much audio was cached, as little as possible was. Throws Error 22023 where parts are
// greater than the total.
void put_input(const Object& object, const InputParts& parts, Usage& usage);
void put_output(const Object& object, const OutputParts& parts, Usage& usage);

// What senders of a shape mean by a total whose parts are given too.
enum class Meaning : std::uint8_t { includes_parts, excludes_parts };

// As put_input() and put_output(), for rows that mix both meanings. Where a total is smaller than its parts it
// excludes them. Else `all`, the sum of input and output where it is given, decides, and then what is usual. What
// excludes parts marks the usage.
void put_mixed(const Object& object, InputParts input, OutputParts output, const Count& all, Meaning usual,
               Usage& usage);

// Counts for types that stand alone, where they are given.
void put(UsageType type, const Count& count, Usage& usage);

} // namespace helix::usage
