// Finds the source that knows the form of a reference, and asks it.
#include "pg/prelude.hpp"

#include "secrets/secrets.hpp"

#include "config.hpp"
#include "core/error.hpp"
#include "core/glob.hpp"
#include "core/secrets/onepassword_address.hpp"
#include "secrets/fetched_secret.hpp"
#include "secrets/keeper.hpp"
#include "secrets/secret_cache.hpp"
#include "secrets/vault.hpp"

namespace helix::secrets {

namespace {

constexpr std::string_view env_scheme = "env://";

[[noreturn]] void refuse(std::string_view reference, const char* message, std::string hint) {
    throw Error(sqlstate::invalid_parameter_value, message, "It is \"" + std::string(reference) + "\".",
                std::move(hint));
}

void check_file(std::string_view reference) {
    if (*config::secret_folder == '\0') {
        refuse(reference, "files are not allowed as secrets",
               "Set helix.secret_folder to the folder that they are in.");
    }
    check_secret_beneath(config::secret_folder, reference);
}

Secret read_file(std::string_view reference) {
    return read_secret_beneath(config::secret_folder, reference);
}

void check_env(std::string_view reference) {
    check_secret_reference(reference);
    const std::string_view prefix = config::secret_env_prefix;
    if (prefix.empty()) {
        refuse(reference, "environment variables are not allowed as secrets", "Set helix.secret_env_prefix.");
    }
    if (!reference.substr(env_scheme.size()).starts_with(prefix)) {
        refuse(reference, "not an environment variable that secrets may come from",
               "Write env://NAME, with a name that begins as helix.secret_env_prefix says.");
    }
}

void check_vault(std::string_view reference) {
    if (reference.ends_with("://")) {
        refuse(reference, "not a reference to a secret", "Write vault://name.");
    }
}

struct Source {
    std::string_view scheme;
    void (*check)(std::string_view);
    Secret (*read)(std::string_view);
};

constexpr std::array<Source, 4> sources = {{{"file://", check_file, read_file},
                                            {env_scheme, check_env, read_secret},
                                            {"vault://", check_vault, read_vault},
                                            {"op://", check_onepassword, read_fetched}}};

// A secret passed by mistake must not come back in an error: only what has a known scheme is repeated.
const Source& source_of(std::string_view reference) {
    for (const auto& source : sources) {
        if (!reference.starts_with(source.scheme)) {
            continue;
        }
        if (reference.size() > longest_reference) {
            throw Error(sqlstate::invalid_parameter_value, "the reference to a secret is too long",
                        "It has " + std::to_string(reference.size()) + " bytes.",
                        "Use at most " + std::to_string(longest_reference) + ".");
        }
        return source;
    }
    throw Error(sqlstate::invalid_parameter_value, "not a reference to a secret", {},
                "Write file:///path, env://NAME, vault://name or op://vault/item/field; the secret itself does not "
                "belong here.");
}

// Existing schedules name their secret as 1Password shows it.
std::string complete(std::string_view reference) {
    return complete_onepassword_reference(config::onepassword_default_vault, reference);
}

// One pattern of the setting without blanks around it, for one user.
std::string pattern_of_user(std::string_view pattern, std::string_view user_id) {
    constexpr std::string_view mark = "{user}";
    const auto first = std::min(pattern.find_first_not_of(' '), pattern.size());
    std::string result(pattern.substr(first, pattern.find_last_not_of(' ') + 1 - first));
    for (auto at = result.find(mark); at != std::string::npos; at = result.find(mark, at)) {
        result.replace(at, mark.size(), user_id);
    }
    return result;
}

} // namespace

void initialize() {
    initialize_secret_cache();
    register_keeper();
}

void check_reference(std::string_view reference) {
    const auto whole = complete(reference);
    source_of(whole).check(whole);
}

bool is_allowed(std::string_view reference, std::string_view user_id) {
    std::string_view patterns = config::user_secrets;
    if (patterns.empty()) {
        return true;
    }
    const auto whole = complete(reference);
    while (!patterns.empty()) {
        const auto end = std::min(patterns.find(','), patterns.size());
        if (glob_matches(pattern_of_user(patterns.substr(0, end), user_id), whole)) {
            return true;
        }
        patterns.remove_prefix(std::min(end + 1, patterns.size()));
    }
    return false;
}

Secret read(std::string_view reference) {
    const auto whole = complete(reference);
    const Source* source = nullptr;
    try {
        source = &source_of(whole);
        source->check(whole);
    } catch (const Error& error) {
        throw Error(sqlstate::secret_unavailable, "secret unavailable", error.message + ". " + error.detail,
                    error.hint);
    }
    return source->read(whole);
}

Secret read_jwks(std::string_view address) {
    if (address.size() > longest_reference) {
        throw Error(sqlstate::secret_unavailable, "secret unavailable", "The address of the key set is too long.",
                    "Use at most " + std::to_string(longest_reference) + " bytes.");
    }
    return read_fetched(address);
}

bool refresh_jwks(std::string_view address) {
    return refresh_fetched(address);
}

} // namespace helix::secrets
