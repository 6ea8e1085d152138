// Reads secrets from files and environment variables, and wipes them.
#include "core/secrets/secret.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace helix {

namespace {

constexpr std::string_view file_scheme = "file://";
constexpr std::string_view env_scheme = "env://";

[[noreturn]] void unavailable(std::string_view reference, const char* why) {
    throw Error(sqlstate::secret_unavailable, "secret unavailable", "\"" + std::string(reference) + "\": " + why + ".",
                "Check that the server's user may read it.");
}

void check_size(std::string_view reference, std::string_view secret) {
    if (secret.empty() || secret.size() > Secret::longest) {
        unavailable(reference, "it must hold 1 to 4096 bytes");
    }
}

// Closes `file`; it is what open() has returned: -1, with errno, where that failed.
Secret read_file(int file, std::string_view reference) {
    if (file < 0) {
        unavailable(reference, strerror(errno));
    }
    std::array<char, Secret::longest + 3> bytes{}; // a line break may follow
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

// `folder` without the slashes at its end.
std::string_view trimmed(std::string_view folder) {
    while (folder.ends_with('/')) {
        folder.remove_suffix(1);
    }
    return folder;
}

// Opens a plain file beneath `folder`; -1, with errno, where there is none. The kernel sees to it that no link leads
// out.
int open_beneath(std::string_view folder, const std::string& name) {
    const std::string folder_path = std::string(folder) + "/";
    const int directory = open(folder_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        return -1;
    }
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY; // a pipe must not make it wait
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    const auto file = static_cast<int>(syscall(SYS_openat2, directory, name.c_str(), &how, sizeof(how)));
    const int failure = errno;
    close(directory);
    struct stat facts {};
    if (file >= 0 && (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode))) {
        close(file);
        errno = EINVAL;
        return -1;
    }
    errno = failure;
    return file;
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
        const std::string path(reference.substr(file_scheme.size()));
        return read_file(open(path.c_str(), O_RDONLY | O_CLOEXEC), reference);
    }
    const char* value = std::getenv(std::string(reference.substr(env_scheme.size())).c_str());
    if (value == nullptr || *value == '\0') {
        unavailable(reference, "the server has no such environment variable");
    }
    check_size(reference, value);
    return Secret(value);
}

void check_secret_beneath(std::string_view folder, std::string_view reference) {
    check_secret_reference(reference);
    const std::string start = std::string(file_scheme) + std::string(trimmed(folder)) + "/";
    const bool climbs = (std::string(reference) + "/").find("/../") != std::string::npos;
    if (reference.size() <= start.size() || !reference.starts_with(start) || climbs) {
        throw Error(sqlstate::invalid_parameter_value, "not a file that secrets may come from",
                    "It is \"" + std::string(reference) + "\".",
                    "Write file:///folder/name, with the folder that the server's settings allow.");
    }
}

Secret read_secret_beneath(std::string_view folder, std::string_view reference) {
    check_secret_beneath(folder, reference);
    const auto name = reference.substr(file_scheme.size() + trimmed(folder).size());
    const auto first = std::min(name.find_first_not_of('/'), name.size());
    return read_file(open_beneath(trimmed(folder), std::string(name.substr(first))), reference);
}

} // namespace helix
