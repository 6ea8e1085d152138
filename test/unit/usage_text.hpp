// What is read from an object, as one line for the tests: "anthropic: input 3, cache_write 12304, output 550".
#pragma once

#include "core/error.hpp"
#include "core/ledger/usage/usage.hpp"
#include "flat_json.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace helix {

inline std::string usage_text(const usage::Usage& usage) {
    std::string text = std::string(usage::name_of(usage.shape)) + ":";
    const char* before = " ";
    for (std::size_t i = 0; i < usage::usage_types; ++i) {
        const auto type = static_cast<usage::UsageType>(i);
        if (usage.counts.has(type)) {
            text += before + std::string(usage::name_of(type)) + " " + std::to_string(usage.counts[type]);
            before = ", ";
        }
    }
    text += usage.marked ? ", marked" : "";
    text += usage.cost_usd.empty() ? "" : ", cost " + std::string(usage.cost_usd);
    return text;
}

inline std::string refusal_text(const Error& error) {
    return std::string(error.sqlstate) + " " + error.message + ". " + error.detail;
}

// The line, or the error. A walk that leaves out what is not worthwhile has to read the same.
inline std::string usage_of(std::string_view json, FlatJson::Way way = FlatJson::Way::all) {
    const FlatJson flat(json, way);
    EXPECT_TRUE(flat.valid()) << json;
    try {
        return usage_text(usage::read_usage(flat.fields()));
    } catch (const Error& error) {
        EXPECT_FALSE(error.hint.empty()) << error.message;
        return refusal_text(error);
    }
}

// An object as its sender writes it, where it is documented or recorded, and what is read from it.
struct UsageVector {
    std::string_view source;
    std::string_view json;
    std::string_view text;
};

inline void PrintTo(const UsageVector& vector, std::ostream* out) {
    *out << vector.source;
}

inline void expect_vector(const UsageVector& vector) {
    EXPECT_EQ(usage_of(vector.json), vector.text) << vector.source << "\n" << vector.json;
    EXPECT_EQ(usage_of(vector.json, FlatJson::Way::worthwhile), vector.text) << vector.json;
    EXPECT_EQ(usage_of(R"({"usage": )" + std::string(vector.json) + "}"), vector.text) << "in an answer";
}

} // namespace helix
