#include "secrets/secrets.hpp"

namespace helix::secrets {

void check_reference(std::string_view reference) {
    check_secret_reference(reference);
}

Secret read(std::string_view reference) {
    return read_secret(reference);
}

} // namespace helix::secrets
