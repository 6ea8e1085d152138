// Secrets: read by reference, moved without a copy left behind, wiped, and never told.
#include "core/error.hpp"
#include "core/secrets/secret.hpp"
#include "temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sys/stat.h>

namespace helix {
namespace {

template <typename F>
void expect_error(const char* state, F f, const std::string& what) {
    try {
        f();
        ADD_FAILURE() << "accepted: " << what;
    } catch (const Error& error) {
        EXPECT_STREQ(error.sqlstate, state) << what;
        EXPECT_FALSE(error.hint.empty()) << what;
        EXPECT_EQ((error.message + error.detail + error.hint).find("hunter2"), std::string::npos) << what;
    }
}

class SecretFile : public testing::Test {
  protected:
    std::string reference(std::string_view content) { return "file://" + folder_.write("secret", content); }
    TemporaryFolder folder_;
};

TEST_F(SecretFile, IsReadWithoutTheLineBreakAtItsEnd) {
    EXPECT_EQ(read_secret(reference("hunter2")).view(), "hunter2");
    EXPECT_EQ(read_secret(reference("hunter2\n")).view(), "hunter2");
    EXPECT_EQ(read_secret(reference("hunter2\r\n")).view(), "hunter2");
    EXPECT_EQ(read_secret(reference(" hunter\n2 \n")).view(), " hunter\n2 ");
    EXPECT_EQ(read_secret(reference(std::string("a\0b", 3))).view(), std::string_view("a\0b", 3));
}

TEST_F(SecretFile, MayHoldFourKilobytes) {
    EXPECT_EQ(read_secret(reference("x")).view(), "x");
    const std::string largest(4096, 'x');
    EXPECT_EQ(read_secret(reference(largest)).view(), largest);
    EXPECT_EQ(read_secret(reference(largest.substr(1) + "\n")).view(), largest.substr(1));
    expect_error(
        "HX003", [&] { read_secret(reference(largest + "x")); }, "4097 bytes");
    expect_error(
        "HX003", [&] { read_secret(reference(std::string(1'000'000, 'x'))); }, "a megabyte");
}

TEST_F(SecretFile, MustHoldSomethingAndBeReadable) {
    expect_error(
        "HX003", [&] { read_secret(reference("")); }, "an empty file");
    expect_error(
        "HX003", [&] { read_secret(reference("\n")); }, "a line break alone");
    expect_error(
        "HX003", [&] { read_secret("file://" + folder_.file("none")); }, "no file");
    expect_error(
        "HX003", [&] { read_secret("file://" + folder_.path()); }, "a folder");
}

TEST_F(SecretFile, BeneathAFolderStaysThere) {
    namespace fs = std::filesystem;
    fs::create_directory(folder_.file("in"));
    fs::create_directory(folder_.file("inside"));
    const std::string in = folder_.file("in");
    folder_.write("out", "escaped");
    folder_.write("inside/x", "escaped");
    folder_.write("in/one", "hunter2\n");
    fs::create_symlink("one", in + "/within");
    fs::create_symlink("../out", in + "/relative");
    fs::create_symlink(folder_.file("out"), in + "/absolute");
    fs::create_directory_symlink("..", in + "/up");
    ASSERT_EQ(mkfifo((in + "/pipe").c_str(), 0600), 0);
    for (const std::string& folder : {in, in + "/", in + "//"}) {
        EXPECT_EQ(read_secret_beneath(folder, "file://" + in + "/one").view(), "hunter2");
        EXPECT_EQ(read_secret_beneath(folder, "file://" + in + "//within").view(), "hunter2");
        for (const char* name : {"/relative", "/absolute", "/up/out", "/pipe", "/none", "/up"}) {
            expect_error(
                "HX003", [&] { read_secret_beneath(folder, "file://" + in + name); }, name);
        }
        for (const std::string& path : {in + "/../out", in + "/up/../../out", in + "/..", in, in + "/", in + "side/x",
                                        folder_.file("out"), std::string("/etc/passwd")}) {
            expect_error(
                "22023", [&] { read_secret_beneath(folder, "file://" + path); }, path);
        }
    }
    expect_error(
        "HX003", [&] { read_secret_beneath("/nowhere", "file:///nowhere/x"); }, "no folder");
    expect_error(
        "22023", [&] { check_secret_beneath(in, "env://X"); }, "another source");
}

TEST(Secret, IsReadFromTheEnvironment) {
    setenv("HELIX_UNIT_SECRET", "hunter2\n", 1);
    EXPECT_EQ(read_secret("env://HELIX_UNIT_SECRET").view(), "hunter2\n");
    setenv("HELIX_UNIT_SECRET", "", 1);
    expect_error(
        "HX003", [] { read_secret("env://HELIX_UNIT_SECRET"); }, "an empty variable");
    unsetenv("HELIX_UNIT_SECRET");
    expect_error(
        "HX003", [] { read_secret("env://HELIX_UNIT_SECRET"); }, "no variable");
}

TEST(Secret, NoReferenceIsNoSecret) {
    EXPECT_TRUE(read_secret("").empty());
    EXPECT_NO_THROW(check_secret_reference(""));
    EXPECT_TRUE(Secret().empty());
}

TEST(Secret, RefusesOtherForms) {
    for (const char* reference : {"hunter2", "file:hunter2", "file://hunter2", "file://", "file:/hunter2", "env://",
                                  "env:X", "FILE:///hunter2", " env://hunter2", "http://hunter2"}) {
        expect_error(
            "22023", [&] { check_secret_reference(reference); }, reference);
        expect_error(
            "22023", [&] { read_secret(reference); }, reference);
    }
    EXPECT_NO_THROW(check_secret_reference("file:///any/path"));
    EXPECT_NO_THROW(check_secret_reference("env://ANY"));
}

TEST(Secret, MovesAndLeavesNothing) {
    for (const std::string& text : {std::string("short"), std::string(500, 'l')}) {
        Secret first{text};
        Secret second(std::move(first));
        EXPECT_TRUE(first.empty()); // NOLINT(bugprone-use-after-move): that is what is promised
        EXPECT_EQ(second.view(), text);
        Secret third("before");
        third = std::move(second);
        EXPECT_TRUE(second.empty()); // NOLINT(bugprone-use-after-move)
        EXPECT_EQ(third.view(), text);
        auto& same = third;
        third = std::move(same);
        EXPECT_EQ(third.view(), text) << "moved onto itself";
    }
}

// A short text lies in the object itself, whose memory outlives it here.
class WipedSecret : public testing::Test {
  protected:
    template <typename... Arguments>
    Secret* make(Arguments&&... arguments) {
        return new (memory_) Secret(std::forward<Arguments>(arguments)...);
    }
    bool still_holds(std::string_view text) const {
        const auto* begin = reinterpret_cast<const char*>(memory_);
        return std::search(begin, begin + sizeof(memory_), text.begin(), text.end()) != begin + sizeof(memory_);
    }
    alignas(Secret) unsigned char memory_[sizeof(Secret)] = {};
};

TEST_F(WipedSecret, IsGoneWithTheObject) {
    auto* secret = make("hunter2");
    ASSERT_TRUE(still_holds("hunter2"));
    secret->~Secret();
    EXPECT_FALSE(still_holds("unter2"));
}

TEST_F(WipedSecret, IsGoneFromWhatItWasMovedFrom) {
    auto* secret = make("hunter2");
    const Secret taken(std::move(*secret));
    EXPECT_FALSE(still_holds("unter2"));
    *secret = Secret("hunter3");
    ASSERT_TRUE(still_holds("hunter3"));
    *secret = Secret();
    EXPECT_FALSE(still_holds("unter3"));
    secret->~Secret();
}

} // namespace
} // namespace helix
