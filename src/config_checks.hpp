// Owns: the checks of settings whose value has a form. Used by config.cpp only. Each is a check hook of PostgreSQL.
#pragma once

#include "pg/prelude.hpp"

namespace helix::config {

bool check_databases(char** value, void** extra, GucSource source);
bool check_dimensions(char** value, void** extra, GucSource source);
bool check_user_id(char** value, void** extra, GucSource source);
bool check_redis_url(char** value, void** extra, GucSource source);
bool check_password_ref(char** value, void** extra, GucSource source);
bool check_token_ref(char** value, void** extra, GucSource source);
bool check_default_vault(char** value, void** extra, GucSource source);
bool check_onepassword_url(char** value, void** extra, GucSource source);
bool check_absolute_path(char** value, void** extra, GucSource source);
bool check_jwt_secret_ref(char** value, void** extra, GucSource source);
bool check_jwks_ref(char** value, void** extra, GucSource source);
bool check_edge_listen(char** value, void** extra, GucSource source);

} // namespace helix::config
