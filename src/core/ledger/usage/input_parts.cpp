// Checks that parts fit into their total, and counts each token once.
#include "core/ledger/usage/input_parts.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <numeric>

namespace helix::usage {

namespace {

std::string listed(const Object& object, std::initializer_list<Count> parts) {
    std::string list;
    for (const Count& part : parts) {
        if (part.given) {
            list += (list.empty() ? "" : " and ") + object.full_name(part.name) + " " + std::to_string(part.value);
        }
    }
    return list;
}

// Moves what `from` has too much into `to`, as far as there is room.
void move_excess(std::int64_t& excess, std::int64_t& from, std::int64_t& to, std::int64_t room) {
    const auto moved = std::max<std::int64_t>(0, std::min({excess, from, room}));
    from -= moved;
    to += moved;
    excess -= moved;
}

// Takes what `from` can give.
void take_excess(std::int64_t& excess, std::int64_t& from) {
    const auto taken = std::min(excess, from);
    from -= taken;
    excess -= taken;
}

} // namespace

void check_included(const Object& object, const Count& total, std::initializer_list<Count> parts) {
    const auto sum = std::accumulate(parts.begin(), parts.end(), std::int64_t{0},
                                     [](std::int64_t so_far, const Count& part) { return so_far + part.value; });
    if (sum <= total.value) {
        return;
    }
    if (!total.given) {
        throw Error(sqlstate::invalid_parameter_value, "usage has parts of a count without the count",
                    "It has " + listed(object, parts) + ".", "Pass the object as its sender wrote it.");
    }
    throw Error(sqlstate::invalid_parameter_value, object.full_name(total.name) + " is smaller than its parts",
                "It is " + std::to_string(total.value) + ", with " + listed(object, parts) + ".",
                "Pass the object as its sender wrote it.");
}

void put(UsageType type, const Count& count, Usage& usage) {
    if (count.given) {
        usage.counts.add(type, count.value);
    }
}

void put_input(const Object& object, const InputParts& parts, Usage& usage) {
    check_included(object, parts.total, {parts.cached, parts.write, parts.write_1h});
    check_included(object, parts.total, {parts.audio, parts.image});
    check_included(object, parts.cached, {parts.cached_audio, parts.cached_image});
    check_included(object, parts.audio, {parts.cached_audio});
    check_included(object, parts.image, {parts.cached_image});
    std::int64_t audio = parts.audio.value - parts.cached_audio.value;
    std::int64_t image = parts.image.value - parts.cached_image.value;
    std::int64_t cached_audio = parts.cached_audio.value;
    std::int64_t cached_image = parts.cached_image.value;
    std::int64_t cached = parts.cached.value - cached_audio - cached_image;
    std::int64_t text =
        parts.total.value - parts.audio.value - parts.image.value - cached - parts.write.value - parts.write_1h.value;
    // More was cached than there is text: the rest was audio or images.
    std::int64_t excess = std::max<std::int64_t>(0, -text);
    text = std::max<std::int64_t>(0, text);
    move_excess(excess, cached, cached_audio, audio);
    audio -= cached_audio - parts.cached_audio.value;
    move_excess(excess, cached, cached_image, image);
    image -= cached_image - parts.cached_image.value;
    take_excess(excess, audio);
    take_excess(excess, image);
    const auto put_given = [&usage](UsageType type, std::int64_t value, bool given) {
        if (given || value != 0) {
            usage.counts.add(type, value);
        }
    };
    put_given(UsageType::input, text, parts.total.given);
    put_given(UsageType::cached_input, cached, parts.cached.given);
    put_given(UsageType::cache_write, parts.write.value, parts.write.given);
    put_given(UsageType::cache_write_1h, parts.write_1h.value, parts.write_1h.given);
    put_given(UsageType::input_audio, audio, parts.audio.given);
    put_given(UsageType::cached_input_audio, cached_audio, parts.cached_audio.given);
    put_given(UsageType::input_image, image, parts.image.given);
    put_given(UsageType::cached_input_image, cached_image, parts.cached_image.given);
}

void put_output(const Object& object, const OutputParts& parts, Usage& usage) {
    check_included(object, parts.total, {parts.reasoning, parts.audio, parts.image});
    Count rest = parts.total;
    rest.value -= parts.of_parts();
    put(UsageType::output, rest, usage);
    put(UsageType::reasoning, parts.reasoning, usage);
    put(UsageType::output_audio, parts.audio, usage);
    put(UsageType::output_image, parts.image, usage);
}

void put_mixed(const Object& object, InputParts input, OutputParts output, const Count& all, Meaning usual,
               Usage& usage) {
    const auto add_to = [&usage](Count& total, std::int64_t parts) {
        total.value += parts;
        total.given = true;
        usage.marked = true;
    };
    const auto media = input.audio.value + input.image.value;
    const auto cache = input.of_cache() + (usual == Meaning::excludes_parts ? media + input.other.value : 0);
    const auto parts = output.of_parts() + output.other.value;
    const auto sum = input.total.value + output.total.value;
    const auto excludes = [&](std::int64_t total, std::int64_t of_it) {
        if (of_it == 0 || total < of_it) {
            return of_it != 0;
        }
        if (all.given && all.value == sum) {
            return false;
        }
        return usual == Meaning::excludes_parts || (all.given && all.value == sum + cache + parts) ||
               (all.given && all.value == sum + of_it);
    };
    const bool input_excludes = excludes(input.total.value, cache);
    const bool output_excludes = excludes(output.total.value, parts);
    if (input_excludes) {
        add_to(input.total, cache);
    }
    if (media > input.total.value) {
        add_to(input.total, media);
    }
    if (output_excludes) {
        add_to(output.total, parts);
    }
    put_input(object, input, usage);
    put_output(object, output, usage);
}

} // namespace helix::usage
