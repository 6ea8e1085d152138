// Owns: op://vault/item/field, the address of a secret in 1Password, and its parts in requests to a Connect server.
// Anyone may use it.
#pragma once

#include <string>
#include <string_view>

namespace helix {

// Names or ids, as they are written; `section` may be empty.
struct OnePasswordReference {
    std::string vault;
    std::string item;
    std::string section;
    std::string field;
};

// op://vault/item/field or op://vault/item/section/field. Throws Error 22023 on another form.
OnePasswordReference parse_onepassword_reference(std::string_view reference);

// op://vault/name/password where `name` can be the name of an item and `vault` is not empty; else `name` as it is. What
// looks like a secret (whsec_…, sk_…, a key in hexadecimal digits) is taken for no name.
std::string complete_onepassword_reference(std::string_view vault, std::string_view name);

// Throws Error 22023 unless `vault` can be the name or id of a vault, or is empty.
void check_onepassword_vault(std::string_view vault);

// Whether a part is an id (26 small letters and digits) rather than a name.
bool is_onepassword_id(std::string_view part);

// `attribute eq "value"` as the query of a request. The value is a part of a reference.
std::string onepassword_filter(std::string_view attribute, std::string_view value);

// Throws Error 22023 unless `url` is https://host[:port][/path], or http of the same form with a loopback host. An
// empty url passes: there is no server.
void check_connect_url(std::string_view url);

} // namespace helix
