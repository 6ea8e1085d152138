// HMAC by the vectors of RFC 4231 and RFC 2202, and comparing codes.
#include "core/webhooks/mac.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

std::string hex(std::span<const std::uint8_t> bytes) {
    std::string digits;
    for (const auto byte : bytes) {
        digits += "0123456789abcdef"[byte >> 4];
        digits += "0123456789abcdef"[byte & 15];
    }
    return digits;
}

std::string hex(const Mac& mac) {
    return hex(std::span(mac.bytes.data(), mac.size));
}

Mac of(Hash hash, std::string_view key, std::initializer_list<std::string_view> parts) {
    return hmac(hash, key, std::span(parts.begin(), parts.size()));
}

TEST(Mac, IsWhatTheRfcsSay) {
    EXPECT_EQ(hex(of(Hash::sha256, std::string(20, '\x0b'), {"Hi There"})),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex(of(Hash::sha256, "Jefe", {"what do ya want for nothing?"})),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(
        hex(of(Hash::sha256, std::string(131, '\xaa'), {"Test Using Larger Than Block-Size Key - Hash Key First"})),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    EXPECT_EQ(hex(of(Hash::sha512, "Jefe", {"what do ya want for nothing?"})),
              "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a3"
              "4d4a6b4b636e070a38bce737");
    EXPECT_EQ(hex(of(Hash::sha1, "Jefe", {"what do ya want for nothing?"})),
              "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

// Around the block's size (64 bytes of SHA-1 and SHA-256, 128 of SHA-512), where a key begins to be hashed first. Each
// is
//   printf 'what do ya want for nothing?' | openssl dgst -sha256 -mac HMAC -macopt key:$(printf 'k%.0s' $(seq 64))
TEST(Mac, TakesKeysAroundTheBlockSize) {
    struct {
        Hash hash;
        std::size_t key_size;
        const char* mac;
    } const vectors[] = {
        {Hash::sha1, 63, "e16effc939c70b3ebaa2804aea3f8b97fb86387d"},
        {Hash::sha1, 64, "ed0aed232b1eee94cd353dfe1c3651c391fb524b"},
        {Hash::sha1, 65, "21aed318ff7dd42b0867e70f001a8f37603eee35"},
        {Hash::sha1, 127, "93718f4be969a958f2a37df8ce9bfc0feb04a9a8"},
        {Hash::sha1, 128, "3399c7f7167ab2b1cd520415ecc2b6c6d7ae8c0a"},
        {Hash::sha1, 129, "c7a9820616f050387ce0147ec67739aed822be3d"},
        {Hash::sha256, 63, "4388e827e2d5c7cad74a7c39002f8b1ac20eeca969307dbed5d6c64560a02c3b"},
        {Hash::sha256, 64, "63f12563e45dcef7c354a6ba71d0c713aa28eea869b5a199da814b225867f54c"},
        {Hash::sha256, 65, "58b6aa8aff9a0a75db8f453becc657e29cdde625b22acf3febfb296484223f22"},
        {Hash::sha256, 127, "62c3a8de77d1e956f7a96d78e478c0cff0a1d1f3747f5b5ecc0cf38237470ca9"},
        {Hash::sha256, 128, "39aa47dbde256c5c11cf45d2734d0014b89e4ac4aeb9863ed6e532a6e0827416"},
        {Hash::sha256, 129, "2cf9a762f73f72fcc7d11a5d6020cfaa921b1802d342d98ab1091db18f6b421f"},
        {Hash::sha512, 63,
         "b7d52e3ff623862d95d4683f985da9fe732eea00a8cb4d6a7c780b115860b4eb15eac3c6aac7e9fe198b18cac1752715dbc916ba212c0"
         "0f743a5f74c08f46edf"},
        {Hash::sha512, 64,
         "1ecccfef82248404a6aad1c0e1f2869876ee3c5793fecc0e5bee05ad9cfb30c49bf6a9927dfe559ce86b3f59191774e67298a482c62b2"
         "53088e5fe0002f95306"},
        {Hash::sha512, 65,
         "541a087618f1ce5d7c11950a93587e302aa56b9a0d6d8bdd4e541f0ccfb7891193fc6325c0c92357b72259e97e867fa1705ba2bef0441"
         "ea6f985f4fcf1470193"},
        {Hash::sha512, 127,
         "7eb2b626f2a5f740947805602d8db621d3260223d1add6427eafce45729911881e9e4a69cb2aa0f0056ae4402148205075f7bef284816"
         "aeeefe3891187cdaf82"},
        {Hash::sha512, 128,
         "17809ffde81fb68aa0814c77831a5550d614e72ab1048bc4be0ebfd6101f251361cd1344cc0dfa061f08e3498372f8529780db5371006"
         "f9a4f43a3b4726c8126"},
        {Hash::sha512, 129,
         "458cbe24c82db49d13a995a86e979abf3882fa978bc34846cfbe76785c70e30b8f1ca7f2234b92431110f1b185af233333356085c492c"
         "6195140aac082a80b14"},
    };
    for (const auto& [hash, key_size, mac] : vectors) {
        EXPECT_EQ(hex(of(hash, std::string(key_size, 'k'), {"what do ya want for nothing?"})), mac) << key_size;
    }
}

TEST(Mac, TakesPartsAsOne) {
    EXPECT_EQ(hex(of(Hash::sha256, "Jefe", {"what do ya ", "", "want for", " nothing?"})),
              hex(of(Hash::sha256, "Jefe", {"what do ya want for nothing?"})));
}

TEST(Mac, ComparesEveryByte) {
    const Mac mac = of(Hash::sha256, "Jefe", {"x"});
    for (std::size_t i = 0; i < mac.size; ++i) {
        Mac other = mac;
        EXPECT_TRUE(equal(mac, other));
        other.bytes[i] ^= 1;
        EXPECT_FALSE(equal(mac, other)) << i;
    }
    Mac shorter = mac;
    shorter.size = 31;
    EXPECT_FALSE(equal(mac, shorter));
}

TEST(Mac, DigestsAndFingerprints) {
    EXPECT_EQ(hex(sha256({"a", "bc"})), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    // python3 -c "import hashlib; print(hashlib.pbkdf2_hmac('sha256', b'secret', b'salt', 600000, 4).hex())"
    EXPECT_EQ(fingerprint("secret", "salt"), "4e8f0955");
    EXPECT_NE(fingerprint("secret", "pepper"), fingerprint("secret", "salt"));
}

TEST(Mac, KnowsItsNames) {
    EXPECT_EQ(parse_hash("sha1"), Hash::sha1);
    EXPECT_EQ(parse_hash("sha256"), Hash::sha256);
    EXPECT_EQ(parse_hash("sha512"), Hash::sha512);
    EXPECT_EQ(parse_hash("md5"), std::nullopt);
}

} // namespace
} // namespace helix
