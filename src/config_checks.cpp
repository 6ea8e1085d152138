// What a setting's value must look like, and how a refusal says so.
#include "pg/prelude.hpp"

#include "config_checks.hpp"

#include "config.hpp"
#include "core/edge_address.hpp"
#include "core/error.hpp"
#include "core/secrets/onepassword_address.hpp"
#include "core/secrets/secret.hpp"
#include "core/tokens/key_reference.hpp"
#include "core/uuid.hpp"
#include "redis/redis_url.hpp"

extern "C" {
#include "utils/varlena.h"
}

namespace helix::config {

namespace {

// Repeats what a parser says about a value. It does not repeat the value itself, which may hold a secret by mistake.
template <typename F>
bool parses(const char* name, F parse) {
    try {
        parse();
        return true;
    } catch (const Error& error) {
        GUC_check_errmsg("invalid value for parameter \"%s\"", name);
        GUC_check_errdetail("%s%s%s.", error.message.c_str(), error.detail.empty() ? "" : ": ",
                            error.detail.substr(0, error.detail.find_last_not_of('.') + 1).c_str());
        GUC_check_errhint("%s", error.hint.c_str());
        return false;
    } catch (const std::bad_alloc&) {
        GUC_check_errdetail("Out of memory.");
        return false;
    }
}

} // namespace

bool check_databases(char** value, void**, GucSource) {
    char* copy = pstrdup(*value);
    List* names = NIL;
    const bool valid = SplitIdentifierString(copy, ',', &names);
    list_free(names);
    pfree(copy);
    if (!valid) {
        GUC_check_errdetail("\"%s\" is not a list of database names.", *value);
        GUC_check_errhint("Separate names by commas and put names with capitals in double quotes.");
    }
    return valid;
}

bool check_dimensions(char** value, void**, GucSource) {
    const auto keys = list_of(*value);
    if (keys.size() > most_dimensions) {
        GUC_check_errdetail("It names %zu keys.", keys.size());
        GUC_check_errhint("Name at most %zu.", most_dimensions);
        return false;
    }
    for (const auto& key : keys) {
        if (key.size() > longest_dimension) {
            GUC_check_errdetail("\"%s\" is longer than %zu bytes.", key.c_str(), longest_dimension);
            return false;
        }
    }
    return true;
}

bool check_user_id(char** value, void**, GucSource) {
    if (**value == '\0' || parse_uuid(*value)) {
        return true;
    }
    GUC_check_errdetail("\"%s\" is not a uuid.", *value);
    return false;
}

bool check_redis_url(char** value, void**, GucSource) {
    const std::string_view url = *value;
    return url.empty() || url == redis_off || parses("helix.redis_url", [&] { redis::parse_url(url); });
}

bool check_password_ref(char** value, void**, GucSource) {
    return parses("helix.redis_password_ref", [&] { check_secret_reference(*value); });
}

bool check_token_ref(char** value, void**, GucSource) {
    return parses("helix.onepassword_token_ref", [&] { check_secret_reference(*value); });
}

bool check_default_vault(char** value, void**, GucSource) {
    return parses("helix.onepassword_default_vault", [&] { check_onepassword_vault(*value); });
}

bool check_onepassword_url(char** value, void**, GucSource) {
    return parses("helix.onepassword_connect_url", [&] { check_connect_url(*value); });
}

bool check_absolute_path(char** value, void**, GucSource) {
    const std::string_view path = *value;
    if (path.empty() || (path.starts_with('/') && (std::string(path) + "/").find("/../") == std::string::npos)) {
        return true;
    }
    GUC_check_errdetail("\"%s\" is not an absolute path without \"..\".", *value);
    return false;
}

bool check_jwt_secret_ref(char** value, void**, GucSource) {
    return parses("helix.jwt_secret_ref", [&] { check_jwt_secret_reference(*value); });
}

bool check_jwks_ref(char** value, void**, GucSource) {
    return parses("helix.jwks_ref", [&] { check_jwks_reference(*value); });
}

bool check_edge_listen(char** value, void**, GucSource) {
    return parses("helix.edge_listen", [&] { check_edge_address(*value); });
}

} // namespace helix::config
