// Verified tokens, the last used of them.
#include "edge/callers.hpp"

#include "core/numbers.hpp"
#include "edge/refusal.hpp"

#include <openssl/evp.h>

#include <cstring>
#include <new>

namespace helix::edge {

namespace {

constexpr std::string_view verify = R"sql(
    SELECT v.role, v.claims, v.user_id, v.service,
           pg_catalog.floor(1000 * pg_catalog.date_part('epoch', v.keep_until - pg_catalog.clock_timestamp()))::bigint,
           v.may_record
      FROM helix_internal.verify_jwt($1) v)sql";
enum VerifiedColumn : int { role, claims, user_id, service, keep_ms, may_record };

constexpr std::size_t longest_token = std::size_t{8} << 10;

[[noreturn]] void refuse_token() {
    throw Refusal(401, "PGRST301", "the token is not accepted", {}, "Sign in again.");
}

// The token of `Authorization: Bearer …`; empty where none was sent. Where nobody is signed in, supabase-js sends the
// application's publishable key there. That is no token, and the header apikey has it too.
std::string_view token_of(const Request& request) {
    constexpr std::string_view scheme = "bearer ";
    const std::string_view value = request.header("authorization");
    if (value.size() < scheme.size() || strncasecmp(value.data(), scheme.data(), scheme.size()) != 0) {
        return {};
    }
    const std::string_view token = value.substr(scheme.size());
    const bool is_key = token.find('.') == std::string_view::npos && token == request.header("apikey");
    return is_key ? std::string_view() : token;
}

} // namespace

std::size_t Callers::HashOfDigest::operator()(const Digest& digest) const {
    std::size_t hash = 0;
    memcpy(&hash, digest.data(), sizeof hash);
    return hash;
}

// The algorithm is looked up once: OpenSSL 3 takes four times as long for that as for a token.
Callers::Digest Callers::digest_of(std::string_view token) {
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    static EVP_MD_CTX* const context = EVP_MD_CTX_new();
    Digest digest;
    if (EVP_DigestInit_ex(context, algorithm, nullptr) != 1 ||
        EVP_DigestUpdate(context, token.data(), token.size()) != 1 ||
        EVP_DigestFinal_ex(context, digest.data(), nullptr) != 1) {
        throw std::bad_alloc();
    }
    return digest;
}

std::shared_ptr<const Caller> Callers::known_caller_of(const Request& request) {
    return find(digest_of(token_of(request)));
}

asio::awaitable<std::shared_ptr<const Caller>> Callers::caller_of(const Request& request) {
    return verified(token_of(request));
}

asio::awaitable<std::shared_ptr<const Caller>> Callers::verified(std::string_view token) {
    if (token.size() > longest_token || token.find('\0') != std::string_view::npos) {
        refuse_token();
    }
    const Digest digest = digest_of(token);
    if (auto known = find(digest)) {
        co_return known;
    }
    const Statement ask{verify, {token.empty() ? Parameter::null() : Parameter::text(std::string(token))}};
    const auto asked = Clock::now();
    const Outcome outcome = co_await database_.run(std::span(&ask, 1), true);
    if (outcome.error && outcome.error->sqlstate == "HX003") {
        throw Unavailable("The key of the tokens cannot be read.");
    }
    if (outcome.error && !outcome.error->sqlstate.starts_with("28")) {
        throw Unavailable("The token cannot be verified (SQLSTATE " + outcome.error->sqlstate + ").");
    }
    if (outcome.error || outcome.rows.at(0).count() != 1) {
        refuse_token();
    }
    const Rows& rows = outcome.rows[0];
    auto caller = std::make_shared<Caller>();
    caller->role = rows.text(0, role);
    caller->claims = rows.text(0, claims);
    caller->user = rows.text(0, user_id);
    caller->is_service = rows.truth(0, service);
    caller->may_record = rows.truth(0, may_record);
    caller->is_signed_in = !token.empty() && (caller->is_service || !caller->user.empty());
    const auto keep = whole_number<long>(rows.text(0, keep_ms));
    caller->keep_until = asked + std::chrono::milliseconds(keep.value_or(0));
    this->keep(digest, caller);
    co_return caller;
}

std::shared_ptr<const Caller> Callers::find(const Digest& digest) {
    const auto place = places_.find(digest);
    if (place == places_.end()) {
        return nullptr;
    }
    if (place->second->caller->keep_until <= Clock::now()) {
        kept_.erase(place->second);
        places_.erase(place);
        return nullptr;
    }
    kept_.splice(kept_.begin(), kept_, place->second);
    return kept_.front().caller;
}

void Callers::keep(const Digest& digest, std::shared_ptr<const Caller> caller) {
    if (places_.contains(digest)) { // another request has asked meanwhile
        return;
    }
    kept_.push_front({digest, std::move(caller)});
    places_.emplace(digest, kept_.begin());
    if (kept_.size() > most_kept) {
        places_.erase(kept_.back().digest);
        kept_.pop_back();
    }
}

} // namespace helix::edge
