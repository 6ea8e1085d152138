// Owns: op://vault/item/field, a secret's address in 1Password, and what its parts are in requests to a Connect server.
// Anyone may use it.
#pragma once

#include <string>
#include <string_view>

namespace helix {

// Names or ids, as they were written; `section` may be empty.
struct OnePasswordReference {
    std::string vault;
    std::string item;
    std::string section;
    std::string field;
};

// op://vault/item/field or op://vault/item/section/field. Throws Error 22023 on another form.
OnePasswordReference parse_onepassword_reference(std::string_view reference);

// Whether a part is an id, 26 small letters and digits, and no name.
bool is_onepassword_id(std::string_view part);

// `attribute eq "value"` as the query of a request. The value is a part of a reference.
std::string onepassword_filter(std::string_view attribute, std::string_view value);

// Throws Error 22023 unless `url` is https://host[:port][/path], or http of the same form with a loopback host; an
// empty one is none.
void check_connect_url(std::string_view url);

} // namespace helix
