// Fetches a JSON Web Key Set. TLS is checked, no redirect is followed, and size and time are bounded.
#include "secrets/jwks_source.hpp"

#include "core/error.hpp"
#include "core/tokens/jwk.hpp"
#include "secrets/onepassword_answer.hpp"

#include <curl/curl.h>
#include <memory>
#include <new>

namespace helix::secrets {

namespace {

constexpr std::size_t largest_answer = 256UL * 1024;
constexpr long connect_timeout_ms = 2000;

struct Free {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, Free>;

std::size_t receive(char* bytes, std::size_t size, std::size_t count, void* target) {
    auto& body = *static_cast<std::string*>(target);
    if (body.size() + size * count > largest_answer) {
        return 0;
    }
    body.append(bytes, size * count);
    return size * count;
}

Handle request(const std::string& url, std::chrono::milliseconds time, std::string& body) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    Handle handle(curl_easy_init());
    if (!handle) {
        throw std::bad_alloc();
    }
    curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, url.starts_with("https:") ? "https" : "http");
    curl_easy_setopt(handle.get(), CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(handle.get(), CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(handle.get(), CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(time.count()));
    curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, &receive);
    curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &body);
    return handle;
}

// An outage of one such server is no outage of another source, so that no failure is Outcome::unavailable.
[[noreturn]] void fail(const std::string& reason) {
    throw Failure(Outcome::unusable, reason);
}

std::string get(const std::string& url, std::chrono::milliseconds time) {
    std::string body;
    const Handle handle = request(url, time, body);
    const CURLcode result = curl_easy_perform(handle.get());
    if (result == CURLE_WRITE_ERROR) {
        fail("the key set is longer than 256 kB");
    }
    if (result != CURLE_OK) {
        fail(std::string("the key set cannot be fetched: ") + curl_easy_strerror(result));
    }
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        fail("the key set's server answered with HTTP status " + std::to_string(status));
    }
    return body;
}

} // namespace

Secret ask_jwks(const std::string& url, std::chrono::milliseconds time) {
    std::string keys;
    try {
        keys = reduced_jwks(get(url, time));
    } catch (const Error&) {
        fail("the answer is not a JSON Web Key Set");
    }
    if (keys.size() > Secret::longest) {
        fail("the key set has more keys than 4096 bytes can hold");
    }
    return Secret(keys);
}

} // namespace helix::secrets
