// Usage of Langfuse's observations: from its API, from exports in which names have underscores, or the map alone.
// https://github.com/langfuse/langfuse/blob/main/fern/apis/server/definition/commons.yml (Observation, Usage)
// https://langfuse.com/docs/observability/features/token-and-cost-tracking
// Keys are free. What contains "input" counts beside input, and what contains "output" beside output: each token once.
// Senders exist whose input includes its parts: https://github.com/langfuse/codex-observability-plugin/issues/22
#include "core/error.hpp"
#include "core/ledger/usage/input_parts.hpp"
#include "core/ledger/usage/shapes.hpp"

namespace helix::usage {

namespace {

constexpr std::array<std::string_view, 2> maps{"usageDetails", "usage_details"};

struct Details {
    InputParts input;
    OutputParts output;
    Count all;
};

bool contains(std::string_view text, std::string_view word) {
    return text.find(word) != std::string_view::npos;
}

Count& input_part(InputParts& input, std::string_view key) {
    if (key == "input") {
        return input.total;
    }
    if (contains(key, "creation") || contains(key, "write")) {
        return contains(key, "1h") ? input.write_1h : input.write;
    }
    if (contains(key, "cache")) {
        return input.cached;
    }
    return contains(key, "audio") ? input.audio : contains(key, "image") ? input.image : input.other;
}

Count& output_part(OutputParts& output, std::string_view key) {
    if (key == "output") {
        return output.total;
    }
    if (contains(key, "reasoning") || contains(key, "thinking")) {
        return output.reasoning;
    }
    return contains(key, "audio") ? output.audio : contains(key, "image") ? output.image : output.other;
}

// The part that a key counts; null where it is none of them.
Count* part_of(Details& details, std::string_view key) {
    if (key == "total") {
        return &details.all;
    }
    if (contains(key, "input")) {
        return &input_part(details.input, key);
    }
    return contains(key, "output") ? &output_part(details.output, key) : nullptr;
}

void add(Object& object, std::string_view name, Count& part) {
    const Count count = object.count(name);
    part.name = part.given ? part.name : name;
    part.value += count.value;
    part.given |= count.given;
}

void check_unit(Object& object) {
    const auto unit = object.text({"unit"});
    if (!unit.empty() && unit != "TOKENS") {
        throw Error(sqlstate::invalid_parameter_value, object.full_name("unit") + " is not TOKENS",
                    "It is \"" + std::string(unit.substr(0, 200)) + "\".", "Pass a cost instead of the usage.");
    }
}

Details read_details(Object& object) {
    Details details;
    for (const auto map : maps) {
        for (const auto name : object.below(map)) {
            if (Count* part = part_of(details, name.substr(map.size() + 1))) {
                add(object, name, *part);
            }
        }
    }
    return details;
}

// The map alone, and the deprecated object `usage`, whose keys are fixed.
Details read_alone(Object& object) {
    check_unit(object);
    Details details;
    for (const auto name : object.below({})) {
        Count* part = contains(name, ".") || contains(name, "Cost") ? nullptr : part_of(details, name);
        if (part != nullptr) {
            add(object, name, *part);
        }
    }
    return details;
}

bool has_map(const Object& object) {
    return object.holds("usageDetails") || object.holds("usage_details");
}

} // namespace

bool is_langfuse(const Object& object) {
    return has_map(object) || object.is_number("input") || object.is_number("output");
}

void read_langfuse(Object& object, Usage& usage) {
    const Details details = has_map(object) ? read_details(object) : read_alone(object);
    put_mixed(object, details.input, details.output, details.all, Meaning::excludes_parts, usage);
    usage.cost_usd = object
                         .amount({"totalCost", "total_cost", "costDetails.total", "cost_details.total",
                                  "calculatedTotalCost", "calculated_total_cost"})
                         .value_or(std::string_view{});
}

} // namespace helix::usage
