#include "core/secret.hpp"

#include "core/error.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace helix {

namespace {

constexpr std::string_view file_scheme = "file://";
constexpr std::string_view env_scheme = "env://";
constexpr std::size_t largest_secret = 4096;

[[noreturn]] void unavailable(std::string_view reference, const char* why) {
    throw Error(sqlstate::secret_unavailable, "secret unavailable", "\"" + std::string(reference) + "\": " + why + ".",
                "Check that the server's user may read it.");
}

void check_size(std::string_view reference, std::string_view secret) {
    if (secret.empty() || secret.size() > largest_secret) {
        unavailable(reference, "it must hold 1 to 4096 bytes");
    }
}

Secret read_file(std::string_view reference) {
    const std::string path(reference.substr(file_scheme.size()));
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        unavailable(reference, strerror(errno));
    }
    std::array<char, largest_secret + 3> bytes{}; // a line break may follow
    const ssize_t length = read(file, bytes.data(), bytes.size());
    close(file);
    std::string_view text(bytes.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    while (text.ends_with('\n') || text.ends_with('\r')) {
        text.remove_suffix(1);
    }
    Secret secret(text);
    explicit_bzero(bytes.data(), bytes.size());
    if (length < 0) {
        unavailable(reference, "it cannot be read");
    }
    check_size(reference, secret.view());
    return secret;
}

} // namespace

// By copy: a moved short string would leave its bytes behind.
Secret::Secret(Secret&& other) noexcept {
    text_.assign(other.text_);
    other.wipe();
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe();
        text_ = other.text_;
        other.wipe();
    }
    return *this;
}

void Secret::wipe() noexcept {
    explicit_bzero(text_.data(), text_.size());
    text_.clear();
}

void check_secret_reference(std::string_view reference) {
    const bool file = reference.starts_with(file_scheme) && reference.substr(file_scheme.size()).starts_with('/');
    const bool env = reference.starts_with(env_scheme) && reference.size() > env_scheme.size();
    if (!reference.empty() && !file && !env) {
        throw Error(sqlstate::invalid_parameter_value, "not a reference to a secret", {},
                    "Write file:///absolute/path or env://NAME; the secret itself does not belong into a setting.");
    }
}

Secret read_secret(std::string_view reference) {
    check_secret_reference(reference);
    if (reference.empty()) {
        return {};
    }
    if (reference.starts_with(file_scheme)) {
        return read_file(reference);
    }
    const char* value = std::getenv(std::string(reference.substr(env_scheme.size())).c_str());
    if (value == nullptr || *value == '\0') {
        unavailable(reference, "the server has no such environment variable");
    }
    check_size(reference, value);
    return Secret(value);
}

} // namespace helix
