// Computes and compares message authentication codes and digests, by OpenSSL.
#include "core/webhooks/mac.hpp"

#include "core/hex.hpp"

#include <algorithm>
#include <new>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace helix {

namespace {

constexpr int fingerprint_rounds = 600'000;

// OpenSSL fails here only where there is no memory left.
void require(bool done) {
    if (!done) {
        throw std::bad_alloc();
    }
}

// Fetched once in each process: finding an algorithm costs more than a short message.
const EVP_MD* algorithm_of(Hash hash) {
    static std::array<const EVP_MD*, 3> fetched{};
    const EVP_MD*& algorithm = fetched[static_cast<std::size_t>(hash)];
    if (algorithm == nullptr) {
        algorithm = EVP_MD_fetch(nullptr,
                                 hash == Hash::sha1     ? "SHA1"
                                 : hash == Hash::sha256 ? "SHA256"
                                                        : "SHA512",
                                 nullptr);
        require(algorithm != nullptr);
    }
    return algorithm;
}

// One context serves all digests of the process. After one, nothing but the digest is left in it.
class Digest {
  public:
    explicit Digest(const EVP_MD* algorithm) {
        static EVP_MD_CTX* shared = EVP_MD_CTX_new();
        context_ = shared;
        require(context_ != nullptr && EVP_DigestInit_ex2(context_, algorithm, nullptr) == 1);
    }
    void add(const void* bytes, std::size_t size) { require(EVP_DigestUpdate(context_, bytes, size) == 1); }
    std::size_t finish(std::uint8_t* out) {
        unsigned int size = 0;
        require(EVP_DigestFinal_ex(context_, out, &size) == 1);
        return size;
    }

  private:
    EVP_MD_CTX* context_;
};

// The key as RFC 2104 pads it, wiped at the end.
class Pad {
  public:
    Pad(const EVP_MD* algorithm, std::string_view key)
        : size_(static_cast<std::size_t>(EVP_MD_get_block_size(algorithm))) {
        if (key.size() <= size_) {
            std::copy(key.begin(), key.end(), bytes_.begin());
        } else {
            Digest digest(algorithm);
            digest.add(key.data(), key.size());
            digest.finish(bytes_.data());
        }
    }
    Pad(const Pad&) = delete;
    Pad& operator=(const Pad&) = delete;
    ~Pad() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

    void mask(std::uint8_t with) {
        for (std::size_t i = 0; i < size_; ++i) {
            bytes_[i] ^= with;
        }
    }
    const std::uint8_t* data() const { return bytes_.data(); }
    std::size_t size() const { return size_; }

  private:
    std::array<std::uint8_t, EVP_MAX_MD_SIZE * 2> bytes_{};
    std::size_t size_;
};

const unsigned char* bytes_of(std::string_view part) {
    return reinterpret_cast<const unsigned char*>(part.data());
}

} // namespace

std::optional<Hash> parse_hash(std::string_view name) {
    if (name == "sha1") {
        return Hash::sha1;
    }
    if (name == "sha256") {
        return Hash::sha256;
    }
    return name == "sha512" ? std::optional(Hash::sha512) : std::nullopt;
}

std::size_t hash_size(Hash hash) {
    return hash == Hash::sha1 ? 20 : hash == Hash::sha256 ? 32 : 64;
}

// By the digest rather than by EVP_MAC. A context of EVP_MAC costs half as much again as the HMAC of 1 KiB, and keeps a
// copy of the key.
Mac hmac(Hash hash, std::string_view key, std::span<const std::string_view> parts) {
    constexpr std::uint8_t inner = 0x36;
    constexpr std::uint8_t outer = 0x5c;
    const EVP_MD* algorithm = algorithm_of(hash);
    Pad pad(algorithm, key);
    Mac mac;
    pad.mask(inner);
    Digest digest(algorithm);
    digest.add(pad.data(), pad.size());
    for (const std::string_view part : parts) {
        digest.add(part.data(), part.size());
    }
    mac.size = digest.finish(mac.bytes.data());
    pad.mask(inner ^ outer);
    Digest second(algorithm);
    second.add(pad.data(), pad.size());
    second.add(mac.bytes.data(), mac.size);
    second.finish(mac.bytes.data());
    return mac;
}

bool equal(const Mac& one, const Mac& other) {
    return one.size == other.size && CRYPTO_memcmp(one.bytes.data(), other.bytes.data(), one.size) == 0;
}

std::array<std::uint8_t, 32> sha256(std::initializer_list<std::string_view> parts) {
    Digest digest(algorithm_of(Hash::sha256));
    for (const std::string_view part : parts) {
        digest.add(part.data(), part.size());
    }
    std::array<std::uint8_t, 32> bytes{};
    digest.finish(bytes.data());
    return bytes;
}

// Digests differ where the texts do, and where they differ tells nothing of the texts.
bool equal_text(std::string_view one, std::string_view other) {
    const auto first = sha256({one});
    const auto second = sha256({other});
    return CRYPTO_memcmp(first.data(), second.data(), first.size()) == 0;
}

std::string fingerprint(std::string_view secret, std::string_view salt) {
    std::array<unsigned char, 4> bits{};
    require(PKCS5_PBKDF2_HMAC(secret.data(), static_cast<int>(secret.size()), bytes_of(salt),
                              static_cast<int>(salt.size()), fingerprint_rounds, EVP_sha256(),
                              static_cast<int>(bits.size()), bits.data()) == 1);
    std::string digits;
    for (const unsigned char byte : bits) {
        append_hex(digits, byte);
    }
    return digits;
}

} // namespace helix
