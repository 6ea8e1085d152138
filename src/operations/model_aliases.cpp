// Matches names of models against the rules, by PostgreSQL's regular expressions.
#include "pg/prelude.hpp"

#include "operations/model_aliases.hpp"

#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "utils/fmgrprotos.h"
}

namespace helix::operations {

namespace {

bool matches(std::string_view name, const std::string& pattern) {
    return pg::call([name, pattern = std::string_view(pattern)] {
        return DatumGetBool(
            DirectFunctionCall2Coll(textregexeq, C_COLLATION_OID, pg::text_datum(name), pg::text_datum(pattern)));
    });
}

std::string replaced(std::string_view name, const ModelAlias& alias) {
    const auto text =
        pg::call([name, pattern = std::string_view(alias.pattern), model = std::string_view(alias.model)] {
            return pg::text_view(DirectFunctionCall3Coll(textregexreplace_noopt, C_COLLATION_OID, pg::text_datum(name),
                                                         pg::text_datum(pattern), pg::text_datum(model)));
        });
    return std::string(text);
}

} // namespace

void ModelAliases::add(std::string_view pattern, std::string_view provider, std::string_view model) {
    aliases_.push_back({"(?i)^(?:" + std::string(pattern) + ")$", std::string(provider), std::string(model)});
}

const ModelAlias* ModelAliases::first_match(std::string_view name, bool with_model) const {
    for (const auto& alias : aliases_) {
        if (alias.model.empty() != with_model && matches(name, alias.pattern)) {
            return &alias;
        }
    }
    return nullptr;
}

std::optional<ModelAliases::Rewritten> ModelAliases::rewrite(std::string_view name) const {
    const ModelAlias* alias = first_match(name, true);
    if (alias == nullptr) {
        return std::nullopt;
    }
    return Rewritten{replaced(name, *alias), alias->provider};
}

std::string_view ModelAliases::seller_of(std::string_view name) const {
    const ModelAlias* alias = first_match(name, false);
    return alias == nullptr ? std::string_view{} : std::string_view(alias->provider);
}

} // namespace helix::operations
