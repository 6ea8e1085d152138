// Choosing a function by the names of its arguments, with PostgREST's words where that fails.
#include "edge/function.hpp"

#include "edge/refusal.hpp"

#include <algorithm>

namespace helix::edge {

namespace {

std::string joined(const std::vector<std::string_view>& words) {
    std::string text;
    for (const std::string_view word : words) {
        text += text.empty() ? "" : ", ";
        text += word;
    }
    return text;
}

} // namespace

const FunctionParameter* Function::parameter(std::string_view wanted) const {
    for (const FunctionParameter& parameter : parameters) {
        if (!parameter.name.empty() && parameter.name == wanted) {
            return &parameter;
        }
    }
    return nullptr;
}

bool Function::takes(const std::vector<std::string_view>& arguments) const {
    for (const std::string_view argument : arguments) {
        if (parameter(argument) == nullptr) {
            return false;
        }
    }
    return std::ranges::all_of(parameters, [&](const FunctionParameter& parameter) {
        return !parameter.required || std::ranges::find(arguments, parameter.name) != arguments.end();
    });
}

bool Function::takes_body(std::string_view type) const {
    return parameters.size() == 1 && parameters[0].name.empty() && parameters[0].type == type;
}

std::string Function::signature() const {
    std::string text = "helix." + name + "(";
    for (const FunctionParameter& parameter : parameters) {
        text += &parameter == parameters.data() ? "" : ", ";
        text += parameter.name.empty() ? parameter.type : parameter.name + " => " + parameter.type;
    }
    return text + ")";
}

std::shared_ptr<const Function> chosen(const Candidates& candidates, std::string_view name,
                                       const std::vector<std::string_view>& arguments) {
    std::shared_ptr<const Function> found;
    for (const auto& candidate : candidates) {
        if (!candidate->takes(arguments)) {
            continue;
        }
        if (found != nullptr) {
            throw Refusal(300, "PGRST203",
                          "Could not choose the best candidate function between: " + found->signature() + ", " +
                              candidate->signature(),
                          {}, "Pass arguments that only one of them has.");
        }
        found = candidate;
    }
    if (found == nullptr) {
        const std::string call = "helix." + std::string(name) + "(" + joined(arguments) + ")";
        const std::string known = candidates.empty() ? "" : "There is " + candidates[0]->signature() + ".";
        throw Refusal(404, "PGRST202", "Could not find the function " + call + " in the schema cache",
                      "Searched for the function " + call + ", but no matches were found in the schema cache.", known);
    }
    return found;
}

std::shared_ptr<const Function> chosen_for_body(const Candidates& candidates, std::string_view name,
                                                std::string_view type) {
    for (const auto& candidate : candidates) {
        if (candidate->takes_body(type)) {
            return candidate;
        }
    }
    throw Refusal(404, "PGRST202", "Could not find the function helix." + std::string(name) + " in the schema cache",
                  "No function of this name takes a body of type " + std::string(type) + ".");
}

} // namespace helix::edge
