// Where helix-edge may listen, and the references that tokens are verified by.
#include "core/edge_address.hpp"

#include "core/error.hpp"
#include "core/tokens/key_reference.hpp"

#include <gtest/gtest.h>
#include <string>

namespace helix {
namespace {

TEST(EdgeAddress, IsThisMachine) {
    for (const char* address : {"", "127.0.0.1:8080", "127.255.0.9:1", "localhost:65535", "[::1]:8080",
                                "unix:/run/helix/edge.sock", "unix:///run/helix/edge.sock"}) {
        EXPECT_NO_THROW(check_edge_address(address)) << address;
    }
    for (const char* address :
         {"8080",           ":8080",           "0.0.0.0:8080",   "*:8080",       "[::]:8080",
          "10.0.0.1:80",    "example.com:80",  "127.0.0.1",      "127.0.0.1:",   "127.0.0.1:0",
          "127.0.0.1:00",   "127.0.0.1:65536", "127.0.0.1:80a",  "127.0.0.1:-1", "127.0.0.1.example.com:80",
          "127.0.0.256:80", "127.1:80",        "127.0.0.1.1:80", "unix:",        "unix:edge.sock",
          "unix://host",    "localhost:8080 "}) {
        EXPECT_THROW(check_edge_address(address), Error) << address;
    }
    EXPECT_NO_THROW(check_edge_address("unix:/" + std::string(106, 'x')));
    EXPECT_THROW(check_edge_address("unix:/" + std::string(107, 'x')), Error);
}

TEST(KeyReference, HasAKnownForm) {
    for (const char* reference : {"", "file:///etc/helix/jwt", "env://JWT", "vault://jwt", "op://vault/item/field"}) {
        EXPECT_NO_THROW(check_jwt_secret_reference(reference)) << reference;
        EXPECT_NO_THROW(check_jwks_reference(reference)) << reference;
    }
    for (const char* reference : {"super-secret-jwt-token", "file://jwt", "file:///", "env://", "https://host/keys"}) {
        EXPECT_THROW(check_jwt_secret_reference(reference), Error) << reference;
    }
    EXPECT_NO_THROW(check_jwks_reference("https://example.com/.well-known/jwks.json"));
    EXPECT_NO_THROW(check_jwks_reference("http://127.0.0.1:9000/jwks.json"));
    for (const char* reference :
         {"http://example.com/keys", "https://user@example.com/", "https://", "{\"keys\": []}"}) {
        EXPECT_THROW(check_jwks_reference(reference), Error) << reference;
    }
}

} // namespace
} // namespace helix
