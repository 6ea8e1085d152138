// Asks a 1Password Connect server for one secret over HTTPS.
#include "secrets/onepassword_connect.hpp"

#include "secrets/onepassword_answer.hpp"

#include <algorithm>
#include <cstring>
#include <curl/curl.h>
#include <jansson.h>
#include <memory>
#include <new>
#include <vector>

namespace helix::secrets {

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t largest_answer = 64UL * 1024;
constexpr long connect_timeout_ms = 2000;

struct Free {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    void operator()(json_t* json) const { json_decref(json); }
};
using Json = std::unique_ptr<json_t, Free>;

Json parse(std::string_view text) {
    json_error_t ignored; // its text repeats what was sent
    Json json(json_loadb(text.data(), text.size(), 0, &ignored));
    if (!json) {
        throw Failure(Outcome::unusable, "1Password Connect's answer is not JSON");
    }
    return json;
}

// A text member of an object; empty where it has none.
std::string_view member(const json_t* object, const char* name) {
    const json_t* value = json_object_get(object, name);
    return json_is_string(value) ? std::string_view(json_string_value(value), json_string_length(value))
                                 : std::string_view();
}

class Connect {
  public:
    Connect(std::string url, const Secret& token, Milliseconds time);
    Secret read(const OnePasswordReference& reference);

  private:
    std::string get(const std::string& path);
    void check_status(long status) const;
    std::string id_of(const std::string& path, const char* attribute, const std::string& name, const char* noun);
    static std::size_t receive(char* bytes, std::size_t size, std::size_t count, void* self);

    std::string url_;
    Clock::time_point deadline_;
    std::unique_ptr<CURL, Free> handle_;
    std::unique_ptr<curl_slist, Free> headers_;
    std::string body_;
};

Connect::Connect(std::string url, const Secret& token, Milliseconds time)
    : url_(std::move(url)), deadline_(Clock::now() + time) {
    while (url_.ends_with('/')) {
        url_.pop_back();
    }
    const auto bytes = token.view();
    if (std::any_of(bytes.begin(), bytes.end(), [](char c) { return c <= ' ' || c > '~'; })) {
        throw Failure(Outcome::unavailable, "the token has characters that no token has");
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    handle_.reset(curl_easy_init());
    headers_.reset(curl_slist_append(nullptr, ("Authorization: Bearer " + std::string(bytes)).c_str()));
    if (!handle_ || !headers_) {
        throw std::bad_alloc();
    }
    CURL* handle = handle_.get();
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, url_.starts_with("https:") ? "https" : "http");
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_PROXY, ""); // the environment's would see a plain request
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Connect::receive);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
}

std::size_t Connect::receive(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& body = static_cast<Connect*>(self)->body_;
    if (body.size() + size * count > largest_answer) {
        return 0;
    }
    body.append(bytes, size * count);
    return size * count;
}

// Connect tells of what is missing in JSON; another 404 comes from something that stands in its place.
bool says_not_found(const std::string& body) {
    json_error_t ignored;
    const Json json(json_loadb(body.data(), body.size(), 0, &ignored));
    constexpr json_int_t not_found = 404;
    return json && json_integer_value(json_object_get(json.get(), "status")) == not_found;
}

void Connect::check_status(long status) const {
    if (status == 200) {
        return;
    }
    if (status == 404 && says_not_found(body_)) {
        throw Failure(Outcome::not_found, "1Password Connect does not know its vault or item");
    }
    if (status == 401) {
        throw Failure(Outcome::unavailable, "1Password Connect refuses the token");
    }
    if (status == 429) {
        curl_off_t seconds = 0;
        curl_easy_getinfo(handle_.get(), CURLINFO_RETRY_AFTER, &seconds);
        constexpr curl_off_t longest = 3600;
        throw Failure(Outcome::unavailable, "1Password Connect has had too many requests",
                      static_cast<std::int32_t>(std::clamp<curl_off_t>(seconds, 0, longest)));
    }
    throw Failure(status == 400 || status == 403 ? Outcome::unusable : Outcome::unavailable,
                  "1Password Connect answered with HTTP status " + std::to_string(status));
}

std::string Connect::get(const std::string& path) {
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline_ - Clock::now()).count();
    if (left <= 0) {
        throw Failure(Outcome::unavailable, "1Password Connect did not answer in time");
    }
    body_.clear();
    curl_easy_setopt(handle_.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(left));
    curl_easy_setopt(handle_.get(), CURLOPT_URL, (url_ + path).c_str());
    const CURLcode result = curl_easy_perform(handle_.get());
    if (result == CURLE_WRITE_ERROR) {
        throw Failure(Outcome::unusable, "1Password Connect's answer is longer than 64 kB");
    }
    if (result != CURLE_OK) {
        throw Failure(Outcome::unavailable, std::string("1Password Connect: ") + curl_easy_strerror(result));
    }
    long status = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    check_status(status);
    return body_;
}

// The id of the one vault or item of that name in the list at `path`.
std::string Connect::id_of(const std::string& path, const char* attribute, const std::string& name, const char* noun) {
    if (is_onepassword_id(name)) {
        return name;
    }
    const Json list = parse(get(path + "?" + onepassword_filter(attribute, name)));
    if (!json_is_array(list.get())) {
        throw Failure(Outcome::unusable, "1Password Connect's answer is not a list");
    }
    if (json_array_size(list.get()) != 1) {
        const bool none = json_array_size(list.get()) == 0;
        throw Failure(none ? Outcome::not_found : Outcome::unusable,
                      std::string("1Password has ") + (none ? "no " : "more than one ") + noun + " of that name");
    }
    std::string id(member(json_array_get(list.get(), 0), "id"));
    if (!is_onepassword_id(id)) {
        throw Failure(Outcome::unusable, "1Password Connect's answer has no id");
    }
    return id;
}

Secret Connect::read(const OnePasswordReference& reference) {
    const std::string vault = "/v1/vaults/" + id_of("/v1/vaults", "name", reference.vault, "vault");
    const std::string item = vault + "/items/" + id_of(vault + "/items", "title", reference.item, "item");
    return field_of_item(get(item), reference);
}

bool is_called(const json_t* object, const std::string& name) {
    return member(object, "id") == name || member(object, "label") == name;
}

// The ids of the sections that `name` may mean.
std::vector<std::string_view> sections_called(const json_t* item, const std::string& name) {
    std::vector<std::string_view> ids;
    std::size_t at = 0;
    json_t* section = nullptr;
    json_array_foreach(json_object_get(item, "sections"), at, section) {
        if (is_called(section, name)) {
            ids.push_back(member(section, "id"));
        }
    }
    return ids;
}

} // namespace

Secret field_of_item(std::string_view text, const OnePasswordReference& reference) {
    const Json item = parse(text);
    const json_t* fields = json_object_get(item.get(), "fields");
    if (!json_is_array(fields)) {
        throw Failure(Outcome::unusable, "1Password Connect's answer is not an item");
    }
    const auto sections = sections_called(item.get(), reference.section);
    std::vector<const json_t*> matches;
    std::size_t at = 0;
    json_t* field = nullptr;
    json_array_foreach(fields, at, field) {
        const auto section = member(json_object_get(field, "section"), "id");
        const bool in_section =
            reference.section.empty() || std::find(sections.begin(), sections.end(), section) != sections.end();
        if (in_section && is_called(field, reference.field)) {
            matches.push_back(field);
        }
    }
    if (matches.empty()) {
        throw Failure(Outcome::not_found, "the item has no such field");
    }
    if (matches.size() > 1) {
        throw Failure(Outcome::unusable, "the item has more than one such field");
    }
    const auto value = member(matches.front(), "value");
    if (value.empty() || value.size() > Secret::longest) {
        throw Failure(Outcome::unusable, "the field does not hold 1 to 4096 bytes");
    }
    return Secret(value);
}

Secret ask_connect(const std::string& url, const Secret& token, const OnePasswordReference& reference,
                   Milliseconds time) {
    return Connect(url, token, time).read(reference);
}

} // namespace helix::secrets
