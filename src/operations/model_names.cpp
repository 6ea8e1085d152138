// Finds the provider and the model that names stand for.
#include "pg/prelude.hpp"

#include "operations/model_names.hpp"

#include "core/characters.hpp"

#include <algorithm>
#include <map>

namespace helix::operations {

namespace {

constexpr int most_rewrites = 8;
constexpr std::size_t most_remembered = 1000; // names of one backend

struct Name {
    std::string provider; // empty: nobody says who sells it
    std::string model;
    bool rewritten = false;
};

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), to_lower);
    return result;
}

class Resolver {
  public:
    Resolver(const PriceList& prices, const ModelAliases& aliases) : prices_(prices), aliases_(aliases) {}

    // What one word stands for that may be a provider or a model.
    Name of_one(std::string_view word) const {
        if (prices_.has_provider(word)) {
            return as_sent(word, word);
        }
        const Name name = of_model(word);
        return name.provider.empty() ? as_sent(word, word) : name;
    }

    Name of_both(std::string_view provider, std::string_view model) const {
        const Name alone = of_model(model);
        if (prices_.find(provider, alone.model) != nullptr) {
            return {std::string(provider), alone.model};
        }
        if (provider == model) {
            return with_provider(alone, provider);
        }
        const Name together = of_model(std::string(provider) + "/" + std::string(model));
        if (together.rewritten) {
            return with_provider(together, provider);
        }
        const bool names_it_twice = !prices_.has_provider(provider) && of_model(provider).model == alone.model;
        return names_it_twice ? with_provider(alone, provider) : as_sent(provider, model);
    }

    Name of_model(std::string_view sent) const {
        Name name{{}, std::string(sent)};
        std::optional<Name> elsewhere; // what others than the usual seller call it, such as a cloud with dates
        for (int i = 0; i < most_rewrites && !take_seller(name) && !is_usual(name.model); ++i) {
            if (!elsewhere && prices_.has_model(name.model)) {
                elsewhere = name;
            }
            if (!rewrite(name)) {
                break;
            }
        }
        if (elsewhere && !is_usual(name.model)) {
            name = *elsewhere;
        }
        if (!prices_.has_model(name.model) && prices_.has_model(lower(name.model))) {
            name.model = lower(name.model);
        }
        if (name.provider.empty()) {
            const auto sellers = prices_.sellers_of(name.model);
            name.provider = sellers.size() == 1 ? sellers.front() : aliases_.seller_of(name.model);
        }
        return name;
    }

  private:
    static Name as_sent(std::string_view provider, std::string_view model) {
        return {std::string(provider), std::string(model)};
    }

    static Name with_provider(Name name, std::string_view otherwise) {
        if (name.provider.empty()) {
            name.provider = otherwise;
        }
        return name;
    }

    // Whether the list has the model, at the seller that a rule names for it, if one does.
    bool is_usual(std::string_view model) const {
        if (!prices_.has_model(model)) {
            return false;
        }
        const auto seller = aliases_.seller_of(model);
        return seller.empty() || prices_.find(seller, model) != nullptr;
    }

    // "azure/gpt-4o", where azure is known to sell gpt-4o.
    bool take_seller(Name& name) const {
        const std::size_t slash = name.model.find('/');
        if (slash == std::string::npos) {
            return false;
        }
        const std::string provider = name.model.substr(0, slash);
        const std::string model = name.model.substr(slash + 1);
        if (prices_.find(provider, model) == nullptr) {
            return false;
        }
        name = {provider, model, true};
        return true;
    }

    bool rewrite(Name& name) const {
        const auto found = aliases_.rewrite(name.model);
        if (!found || found->name.empty() || found->name == name.model) {
            return false;
        }
        name.model = found->name;
        name.rewritten = true;
        if (name.provider.empty()) {
            name.provider = found->provider;
        }
        return true;
    }

    const PriceList& prices_;
    const ModelAliases& aliases_;
};

// Rules are matched once for each name in a backend.
std::map<std::string, Name, std::less<>> remembered;

template <typename Find>
ModelName remember(const std::string& key, Find find) {
    auto found = remembered.find(key);
    if (found == remembered.end()) {
        if (remembered.size() >= most_remembered) {
            remembered.clear();
        }
        found = remembered.emplace(key, find()).first;
    }
    return {found->second.provider, found->second.model};
}

} // namespace

void forget_model_names() {
    remembered.clear();
}

ModelName name_model(const PriceList& prices, const ModelAliases& aliases, std::optional<std::string_view> used,
                     std::optional<std::string_view> model) {
    const Resolver resolver(prices, aliases);
    if (used && model) {
        if (prices.find(*used, *model) != nullptr) {
            return {*used, *model};
        }
        return remember(std::string(*used) + '\n' + std::string(*model),
                        [&] { return resolver.of_both(*used, *model); });
    }
    if (used) {
        return prices.has_provider(*used) ? ModelName{*used, *used}
                                          : remember(std::string(*used), [&] { return resolver.of_one(*used); });
    }
    if (model) {
        const auto name = remember('\n' + std::string(*model), [&] { return resolver.of_model(*model); });
        return {name.provider.empty() ? unknown_name : name.provider, name.model};
    }
    return {unknown_name, unknown_name};
}

} // namespace helix::operations
