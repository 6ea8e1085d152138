// HMAC by the vectors of RFC 4231 and RFC 2202, and comparing codes.
#include "core/mac.hpp"

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
