// Random texts over a small alphabet, so that patterns and texts meet often. For the property tests.
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace helix {

inline std::size_t random_below(std::mt19937_64& random, std::size_t limit) {
    return static_cast<std::size_t>(random() % limit);
}

inline std::string random_text(std::mt19937_64& random, std::string_view alphabet, std::size_t longest) {
    std::string text(random_below(random, longest + 1), '\0');
    for (char& c : text) {
        c = alphabet[random_below(random, alphabet.size())];
    }
    return text;
}

template <typename Things>
const auto& any_of(std::mt19937_64& random, const Things& things) {
    return things[random_below(random, std::size(things))];
}

// Every text over `alphabet` up to `longest` characters, the empty one first.
inline std::vector<std::string> all_texts(std::string_view alphabet, std::size_t longest) {
    std::vector<std::string> texts{""};
    for (std::size_t begin = 0, length = 0; length < longest; ++length) {
        const std::size_t end = texts.size();
        for (std::size_t i = begin; i < end; ++i) {
            for (const char c : alphabet) {
                texts.push_back(texts[i] + c);
            }
        }
        begin = end;
    }
    return texts;
}

} // namespace helix
