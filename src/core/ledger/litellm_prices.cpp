// Reads entries of LiteLLM's price list: USD for one token, request or second, by the names of its fields.
#include "core/ledger/litellm_prices.hpp"

#include "core/characters.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <charconv>

namespace helix {

namespace {

using usage::UsageType;

struct Meaning {
    std::string_view field;
    UsageType type;
};

constexpr Meaning meanings[] = {
    {"input_cost_per_token", UsageType::input},
    {"cache_read_input_token_cost", UsageType::cached_input},
    {"input_cost_per_token_cache_hit", UsageType::cached_input},
    {"cache_creation_input_token_cost", UsageType::cache_write},
    {"input_cost_per_audio_token", UsageType::input_audio},
    {"cache_read_input_audio_token_cost", UsageType::cached_input_audio},
    {"cache_read_input_token_cost_per_audio_token", UsageType::cached_input_audio},
    {"input_cost_per_image_token", UsageType::input_image},
    {"cache_read_input_image_token_cost", UsageType::cached_input_image},
    {"output_cost_per_token", UsageType::output},
    {"output_cost_per_reasoning_token", UsageType::reasoning},
    {"output_cost_per_audio_token", UsageType::output_audio},
    {"output_cost_per_image_token", UsageType::output_image},
    {"search_context_cost_per_query.search_context_size_medium", UsageType::web_search},
};

struct Tier {
    std::string_view suffix;
    std::string_view tier;
};
constexpr Tier tiers[] = {{"_batches", "batch"}, {"_flex", "flex"}, {"_priority", "priority"}};

constexpr std::string_view searches = "search_context_cost_per_query";

bool take_suffix(std::string_view& field, std::string_view suffix) {
    if (!field.ends_with(suffix)) {
        return false;
    }
    field.remove_suffix(suffix.size());
    return true;
}

bool take_tier(std::string_view& field, RateScope& scope) {
    return std::any_of(std::begin(tiers), std::end(tiers), [&](const Tier& tier) {
        const bool taken = take_suffix(field, tier.suffix);
        scope.tier = taken ? std::string(tier.tier) : scope.tier;
        return taken;
    });
}

// "_above_200k_tokens"
bool take_band(std::string_view& field, RateScope& scope) {
    constexpr std::string_view above = "_above_";
    constexpr std::string_view tokens = "k_tokens";
    constexpr std::int64_t most_thousands = 1'000'000;
    const std::size_t start = field.rfind(above);
    if (start == std::string_view::npos || !field.ends_with(tokens) || field.size() < start + above.size()) {
        return false;
    }
    const auto digits = field.substr(start + above.size(), field.size() - start - above.size() - tokens.size());
    std::int64_t thousands = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), thousands);
    if (error != std::errc() || rest != digits.data() + digits.size() || thousands < 0 || thousands > most_thousands) {
        return false;
    }
    scope.above = thousands * 1000;
    field = field.substr(0, start);
    return true;
}

bool is_audio_second(std::string_view field, std::string_view mode) {
    return mode == "audio_transcription" && (field == "input_cost_per_second" || field == "output_cost_per_second");
}

bool is_search_unit(std::string_view field, std::string_view mode) {
    return mode == "rerank" && field == "input_cost_per_query";
}

bool is_price(const ListedField& field) {
    const auto name = field.name.substr(0, field.name.find('.'));
    return field.kind != ListedField::Kind::null && (name.find("cost") != std::string_view::npos ||
                                                     name == "tiered_pricing" || name == "provider_specific_entry");
}

const ListedField* find_field(std::span<const ListedField> fields, std::string_view name) {
    const auto found = std::find_if(fields.begin(), fields.end(), [name](const auto& f) { return f.name == name; });
    return found == fields.end() ? nullptr : &*found;
}

std::string_view text_of(std::span<const ListedField> fields, std::string_view name) {
    const ListedField* field = find_field(fields, name);
    return field == nullptr || field->kind != ListedField::Kind::text ? std::string_view{} : field->text;
}

// Searches cost the same with less or more context at most models.
bool is_as_medium(const ListedField& field, std::span<const ListedField> fields) {
    const ListedField* medium = find_field(fields, "search_context_cost_per_query.search_context_size_medium");
    return field.name.starts_with(searches) && medium != nullptr && medium->text == field.text;
}

// What one entry says.
class Entry {
  public:
    Entry(LitellmModel model, std::span<const ListedField> fields) : model_(std::move(model)), fields_(fields) {}

    void read(PriceListing& listing) {
        for (const auto& field : fields_) {
            if (is_price(field)) {
                read_price(field, listing);
            }
        }
        check_input();
        if (!unknown_.empty()) {
            listing.skipped.push_back(trouble("helix has no price for " + unknown_ + "."));
        } else if (prices_.empty()) {
            listing.skipped.push_back(trouble("It has no price."));
        }
        listing.prices.insert(listing.prices.end(), prices_.begin(), prices_.end());
    }

  private:
    ListedTrouble trouble(std::string reason) const { return {model_.provider, model_.model, std::move(reason)}; }

    void read_price(const ListedField& field, PriceListing& listing) {
        auto scope = litellm_scope(field.name, text_of(fields_, "mode"));
        if (!scope) {
            if (!is_as_medium(field, fields_)) {
                add_unknown(field.name);
            }
            return;
        }
        try {
            if (field.kind != ListedField::Kind::number) {
                throw Error(sqlstate::invalid_parameter_value, "invalid price", "It is no number.");
            }
            add(std::move(*scope), parse_price_of_one(field.text));
        } catch (const Error& error) {
            listing.refused.push_back(trouble(std::string(field.name) + ": " + error.detail));
        }
    }

    // Some entries have two names for one price, one of them with 0.
    void add(RateScope scope, PicoUsd price) {
        const auto same = std::find_if(prices_.begin(), prices_.end(), [&](const auto& p) { return p.scope == scope; });
        if (same == prices_.end()) {
            prices_.push_back({model_.provider, model_.model, std::move(scope), price, std::nullopt, model_.rank});
        } else {
            same->price = std::max(*same->price, price);
        }
    }

    void add_unknown(std::string_view field) { unknown_ += (unknown_.empty() ? "" : ", ") + std::string(field); }

    // Output alone is no price of a model: what it reads costs something else, such as seconds of video.
    void check_input() {
        const auto is_input = [](const ListedPrice& p) {
            return is_plain(p.scope) && p.scope.type == UsageType::input;
        };
        if (std::none_of(prices_.begin(), prices_.end(), is_input)) {
            const auto plain = std::remove_if(prices_.begin(), prices_.end(), [this](const ListedPrice& p) {
                if (is_plain(p.scope)) {
                    add_unknown(std::string(usage::name_of(p.scope.type)) + " without input_cost_per_token");
                }
                return is_plain(p.scope);
            });
            prices_.erase(plain, prices_.end());
        }
    }

    LitellmModel model_;
    std::span<const ListedField> fields_;
    std::vector<ListedPrice> prices_;
    std::string unknown_;
};

// Vertex AI sells Google's models at the prices of the Gemini API, and those of others at its own.
bool is_gemini(std::string_view litellm_provider, std::string_view model) {
    constexpr std::string_view names[] = {"gemini", "gemma", "imagen", "veo", "text-embedding", "text-multilingual"};
    return litellm_provider.starts_with("vertex_ai") &&
           std::any_of(std::begin(names), std::end(names), [model](auto name) { return model.starts_with(name); });
}

std::string_view our_provider(std::string_view provider) {
    constexpr std::string_view completion = "text-completion-";
    constexpr std::string_view embedding = "-embedding-models";
    if (provider.starts_with("vertex_ai-")) {
        return provider.substr(0, provider.find('-'));
    }
    if (provider == "bedrock_converse" || provider == "cohere_chat" || provider == "azure_text") {
        return provider.substr(0, provider.find('_'));
    }
    provider.remove_prefix(provider.starts_with(completion) ? completion.size() : 0);
    take_suffix(provider, embedding);
    return provider;
}

} // namespace

LitellmModel litellm_model(std::string_view litellm_provider, std::string_view name) {
    std::string_view provider = our_provider(litellm_provider);
    for (const auto prefix : {litellm_provider, provider}) {
        if (name.size() > prefix.size() + 1 && name.starts_with(prefix) && name[prefix.size()] == '/') {
            name.remove_prefix(prefix.size() + 1);
            break;
        }
    }
    const bool gemini = is_gemini(litellm_provider, name);
    return {std::string(gemini ? "gemini" : provider), std::string(name), gemini ? 2 : 1};
}

std::optional<RateScope> litellm_scope(std::string_view field, std::string_view mode) {
    RateScope scope;
    if (is_audio_second(field, mode)) {
        scope.type = UsageType::audio_seconds;
        return scope;
    }
    if (is_search_unit(field, mode)) {
        scope.type = UsageType::rerank;
        return scope;
    }
    while (take_tier(field, scope) || take_band(field, scope)) {
    }
    const bool hour = take_suffix(field, "_above_1hr");
    const auto* const found =
        std::find_if(std::begin(meanings), std::end(meanings), [field](const Meaning& m) { return m.field == field; });
    if (found == std::end(meanings) || (hour && found->type != UsageType::cache_write)) {
        return std::nullopt;
    }
    scope.type = hour ? UsageType::cache_write_1h : found->type;
    return scope;
}

void read_litellm_entry(std::string_view name, std::span<const ListedField> fields, PriceListing& listing) {
    const auto provider = text_of(fields, "litellm_provider");
    if (provider.empty() || name == "sample_spec") {
        listing.skipped.push_back({{}, std::string(name), "It is no model: it has no litellm_provider."});
        return;
    }
    LitellmModel model = litellm_model(provider, name);
    try {
        check_listed_name("provider", model.provider);
        check_listed_name("model", model.model);
    } catch (const Error& error) {
        listing.refused.push_back({model.provider, model.model, error.detail});
        return;
    }
    Entry(std::move(model), fields).read(listing);
}

} // namespace helix
