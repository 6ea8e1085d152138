// Fuzz target: all of src/core that reads bytes or texts from outside, and the urls of Redis. The first byte chooses
// what.
#include "check.hpp"
#include "core/cache/byte_ring.hpp"
#include "core/cache/cache_key.hpp"
#include "core/cache/invalidations.hpp"
#include "core/cache/key_matcher.hpp"
#include "core/cache/key_template.hpp"
#include "core/error.hpp"
#include "core/json.hpp"
#include "core/ledger/sketch.hpp"
#include "core/secrets/onepassword_address.hpp"
#include "core/secrets/secret.hpp"
#include "core/uuid.hpp"
#include "glob_reference.hpp"
#include "redis/redis_url.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <memory>

using namespace helix;

namespace {

// Two patterns' worth of steps for each pair of characters would still end within the time limit of one input.
void fuzz_glob(FuzzedDataProvider& data) {
    const auto pattern = data.ConsumeRandomLengthString();
    const auto text = data.ConsumeRemainingBytesAsString();
    const bool matches = glob_matches(pattern, text);
    if (pattern.size() * text.size() < 100'000) {
        check(matches == reference_matches(pattern, text), "glob_matches() differs from the reference");
    }
    const auto [literal, rest] = glob_prefix(pattern);
    check(!matches || text.starts_with(literal), "a match that does not begin with the prefix");
    check(!rest.empty() || matches == (text == literal), "a pattern without wildcards is one text");
    check(glob_matches(glob_escaped(text), text), "an escaped text does not match itself");
    check(glob_prefix(glob_escaped(text)).literal == text, "an escaped text is not its own prefix");
}

void fuzz_redis_url(FuzzedDataProvider& data) {
    const char* schemes[] = {"redis://", "rediss://", "unix:///", ""};
    const auto url = schemes[data.ConsumeIntegralInRange(0, 3)] + data.ConsumeRemainingBytesAsString();
    redis::Address address;
    try {
        address = redis::parse_url(url);
    } catch (const Error& error) {
        const auto told = error.message + error.detail + error.hint;
        check(std::string_view(error.sqlstate) == "22023", "another sqlstate");
        check(std::all_of(told.begin(), told.end(), [](char c) { return c >= ' ' && c <= '~'; }), "it repeats the url");
        return;
    }
    try {
        check(redis::parse_url(address.text()) == address, "an address became another one");
    } catch (const Error&) {
        check(false, "what was accepted is refused once written");
    }
}

void fuzz_key_template(FuzzedDataProvider& data) {
    const auto text = data.ConsumeRandomLengthString();
    try {
        const KeyTemplate key(text);
        std::vector<std::string> values(key.columns().size());
        std::generate(values.begin(), values.end(), [&] { return data.ConsumeRandomLengthString(); });
        const auto row = key.expanded({values.begin(), values.end()});
        check(key.is_pattern() || glob_matches(key.pattern(), row), "the pattern does not cover a row");
    } catch (const Error& error) {
        check(std::string_view(error.sqlstate) == "22023", "another sqlstate");
    }
}

class Texts final : public InvalidationVisitor {
  public:
    void key(std::string_view text) override { take(text); }
    void pattern(std::string_view text) override { take(text); }
    void sums(std::string_view user, std::string_view operation) override {
        check(parse_uuid(user).has_value(), "sums without a user");
        take(operation);
    }
    void user(std::string_view user) override { check(parse_uuid(user).has_value(), "no user"); }
    void everything() override { check(false, "an item of no kind"); }

  private:
    static void take(std::string_view text) { check(text.size() <= Invalidations::longest_text, "too long a text"); }
};

void fuzz_invalidations(FuzzedDataProvider& data) {
    const auto most = data.ConsumeIntegralInRange<std::size_t>(0, 4'000);
    Invalidations set(most);
    std::vector<std::string> stale; // keys that must stay covered
    while (data.remaining_bytes() > 0) {
        const int kind = data.ConsumeIntegralInRange(0, 4);
        UuidBytes user{};
        user[0] = data.ConsumeIntegral<std::uint8_t>();
        const auto user_text = format_uuid(user);
        auto text = data.ConsumeRandomLengthString(1'100);
        if (text.size() > 1'000 && kind == 0) {
            text.resize(1'025, 'x');
        }
        const auto key = data.ConsumeBool() ? std::string("a:").append(user_text).append(":").append(text) : text;
        if (kind == 0 || kind == 1) {
            set.add_key(key);
            stale.push_back(key);
        } else if (kind == 2) {
            const auto pattern = glob_escaped(key) + "*";
            set.add_pattern(pattern);
            stale.push_back(key + "?");
        } else if (kind == 3) {
            set.add_sums(user, text);
            stale.push_back("cost_trends:" + user_text + ":30");
            stale.push_back(std::string("op_metrics:").append(user_text).append(":").append(text).append(":1"));
        } else {
            set.add_user(user);
            stale.push_back("any:" + user_text);
        }
        check(set.bytes().size() <= most, "a set beyond its size");
        check(!set.empty(), "what was added is gone");
    }
    Texts texts;
    Invalidations::visit(set.bytes(), texts);
    for (const auto& key : stale) {
        check(set.covers(key) || cache_key::has_capital_uuid(key), "a stale key is not covered"); // refused beforehand
    }
}

void fuzz_json(FuzzedDataProvider& data) {
    const auto text = data.ConsumeRemainingBytesAsString();
    std::string json;
    append_json_quoted(json, text);
    check(json.size() >= 2 && json.front() == '"' && json.back() == '"', "no quotes");
    std::string read;
    for (std::size_t i = 1; i + 1 < json.size(); ++i) {
        check(static_cast<unsigned char>(json[i]) >= 0x20 && json[i] != '"', "a byte that must be escaped");
        if (json[i] != '\\') {
            read += json[i];
        } else if (json[++i] == 'u') {
            read += static_cast<char>(std::stoi(json.substr(i + 1, 4), nullptr, 16));
            i += 4;
        } else {
            check(json[i] == '"' || json[i] == '\\', "another escape");
            read += json[i];
        }
    }
    check(read == text, "a text became another one");
}

void fuzz_cache_key(FuzzedDataProvider& data) {
    const auto at = data.ConsumeIntegral<std::uint16_t>();
    std::string key = data.ConsumeRemainingBytesAsString();
    for (auto i = key.find('U'); i != std::string::npos; i = key.find('U')) { // else uuids are never met
        key.replace(i, 1, "8f14e45f-ceea-467f-a9ab-00000000000a");
    }
    const auto user = cache_key::user_of(key);
    const auto users = cache_key::users_of(key);
    check(user.empty() == users.empty(), "a first user of none");
    check(users.empty() || users.front().data() == user.data(), "another first user");
    check(user.empty() || parse_uuid(user), "a user that is no uuid");
    const auto scope = cache_key::scope_of(key);
    check(key.starts_with(scope) && (user.empty() ? scope == key : scope.ends_with(user)), "another scope");
    const auto prefix = key.substr(0, at % (key.size() + 1));
    const auto scope_of_all = cache_key::scope_of_prefix(prefix);
    check(scope_of_all.empty() || scope_of_all == scope, "a key with the prefix has another scope");
    check(cache_key::is_own(cache_key::tag_of(key)) && cache_key::is_own(cache_key::user_token(user)), "not its own");
    const auto patterns = cache_key::sum_patterns("8f14e45f-ceea-467f-a9ab-00000000000a", key);
    check(glob_matches(patterns[1].text, "op_metrics:8f14e45f-ceea-467f-a9ab-00000000000a:" + key + ":1"),
          "an operation's own key is not matched");
}

void fuzz_sketch(FuzzedDataProvider& data) {
    const auto bytes = data.ConsumeRemainingBytes<std::uint8_t>();
    try {
        const auto all = std::as_bytes(std::span(bytes));
        auto sketch = LatencySketch::decode(all);
        const auto written = sketch.encode();
        check(std::equal(written.begin(), written.end(), all.begin(), all.end()), "a sketch is written otherwise");
        const auto low = sketch.percentile(0);
        const auto high = sketch.percentile(100);
        check(sketch.empty() || (low && high && *low <= *high && *low >= 0), "percentiles out of order");
        sketch.merge(sketch);
        sketch.merge(LatencySketch());
    } catch (const Error& error) {
        check(std::string_view(error.sqlstate) == "XX001", "another sqlstate");
    }
}

void fuzz_key_matcher(FuzzedDataProvider& data) {
    KeyMatcher matcher;
    std::vector<std::string> patterns;
    for (int i = data.ConsumeIntegralInRange(0, 5); i > 0; --i) {
        patterns.push_back(data.ConsumeRandomLengthString(100));
        matcher.add_pattern(patterns.back());
    }
    const auto rest = matcher.split_off(data.ConsumeIntegralInRange<std::size_t>(0, 3));
    const auto key = data.ConsumeRemainingBytesAsString();
    const bool expected = std::any_of(patterns.begin(), patterns.end(), [&](auto& p) { return glob_matches(p, key); });
    check((matcher.matches(key) || rest.matches(key)) == expected, "together they match otherwise");
}

void fuzz_byte_ring(FuzzedDataProvider& data) {
    const auto size = data.ConsumeIntegralInRange<std::size_t>(65, 300);
    const std::unique_ptr<std::uint64_t[]> memory(new std::uint64_t[(size + 7) / 8]);
    auto& ring = ByteRing::create(memory.get(), size);
    std::deque<std::string> queue;
    while (data.remaining_bytes() > 0) {
        if (data.ConsumeBool()) {
            auto record = data.ConsumeRandomLengthString(300);
            if (ring.push(record)) {
                queue.push_back(std::move(record));
            }
        } else {
            std::vector<char> records;
            const auto most = data.ConsumeIntegralInRange<std::size_t>(0, 300);
            check(ring.pop(records, most) == !queue.empty(), "nothing, or something of nothing");
            std::size_t count = 0;
            ByteRing::for_each_record(records, [&](auto record) {
                check(!queue.empty() &&
                          std::equal(record.begin(), record.end(), queue.front().begin(), queue.front().end()),
                      "another record");
                queue.pop_front();
                ++count;
            });
            check(count == 1 || records.size() <= most, "more than was asked for");
        }
        check(ring.used() <= ring.capacity() && ring.empty() == queue.empty(), "used beyond its capacity");
    }
}

void fuzz_secret_reference(FuzzedDataProvider& data) {
    try {
        check_secret_reference(data.ConsumeRemainingBytesAsString());
    } catch (const Error& error) {
        check(std::string_view(error.sqlstate) == "22023", "another sqlstate");
    }
}

void fuzz_onepassword(FuzzedDataProvider& data) {
    const auto bytes = data.ConsumeRemainingBytesAsString();
    try {
        const auto parts = parse_onepassword_reference(bytes);
        for (const auto& part : {parts.vault, parts.item, parts.field}) {
            check(!part.empty() && part != "..", "a part that leaves its place");
            const auto query = onepassword_filter("name", part);
            check(query.find_first_of(" \"&#/?\n\r") == std::string::npos, "a filter that is not encoded");
        }
    } catch (const Error& error) {
        check(std::string_view(error.sqlstate) == "22023", "another sqlstate");
    }
    try {
        check_connect_url(bytes);
        check(bytes.empty() || bytes.starts_with("https://") || bytes.starts_with("http://localhost") ||
                  bytes.starts_with("http://127.0.0.1") || bytes.starts_with("http://[::1]"),
              "an address without TLS elsewhere");
    } catch (const Error& error) {
        check(std::string_view(error.sqlstate) == "22023", "another sqlstate");
    }
}

constexpr void (*fuzzers[])(FuzzedDataProvider&) = {
    fuzz_glob,   fuzz_redis_url,   fuzz_key_template, fuzz_invalidations,    fuzz_json,        fuzz_cache_key,
    fuzz_sketch, fuzz_key_matcher, fuzz_byte_ring,    fuzz_secret_reference, fuzz_onepassword,
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size > 0) {
        FuzzedDataProvider data(bytes + 1, size - 1);
        fuzzers[bytes[0] % std::size(fuzzers)](data);
    }
    return 0;
}
