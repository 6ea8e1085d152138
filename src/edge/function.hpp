// Owns: a function that may be called, as the server's catalog has it, and which of several a call means. It knows no
// socket and no database. catalog.cpp and rpc_call.cpp use it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace helix::edge {

struct FunctionParameter {
    std::string name; // empty: it has none
    std::string type; // as SQL has it
    bool required = true;
};

struct Function {
    enum class Returns { nothing, value, row };

    std::string name;
    std::vector<FunctionParameter> parameters;
    Returns returns = Returns::value;
    bool is_set = false;
    bool only_reads = false; // stable or immutable
    bool is_foreign = false; // not of the extension

    const FunctionParameter* parameter(std::string_view name) const;

    // Whether it can be called with exactly these arguments.
    bool takes(const std::vector<std::string_view>& arguments) const;

    // Whether its only parameter has no name and this type: it takes a body as it is.
    bool takes_body(std::string_view type) const;

    // `helix.name(p_a => uuid, …)`, for messages.
    std::string signature() const;
};

using Candidates = std::vector<std::shared_ptr<const Function>>;

// The one that takes these arguments. Throws Refusal: PGRST202 where there is none, PGRST203 where there are several.
std::shared_ptr<const Function> chosen(const Candidates& candidates, std::string_view name,
                                       const std::vector<std::string_view>& arguments);

// The one that takes a body of this type as it is. Throws Refusal PGRST202.
std::shared_ptr<const Function> chosen_for_body(const Candidates& candidates, std::string_view name,
                                                std::string_view type);

} // namespace helix::edge
