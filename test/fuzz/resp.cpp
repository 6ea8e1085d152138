// Fuzz target: the bytes that Redis answers, in chunks as they may come, through hiredis's reader into everything that
// reads answers. The first byte says how they are cut.
#include "check.hpp"
#include "core/cache/cache_key.hpp"
#include "redis/sweep.hpp"

#include <hiredis/hiredis.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>

using namespace helix;

// hiredis takes the memory for an array as soon as it knows its length, however little of it has come.
extern "C" const char* __asan_default_options() {
    return "allocator_may_return_null=1:max_allocation_size_mb=256";
}

namespace {

const std::string user = "8f14e45f-ceea-467f-a9ab-00000000000a";

// A connection that is never used: a sweep needs one to begin its pass.
redis::Connection unused_connection() {
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::snprintf(name.sun_path, sizeof(name.sun_path), "/tmp/helix_fuzz.%d", static_cast<int>(getpid()));
    check(bind(listener, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0, "a socket can be made");
    check(listen(listener, 1) == 0, "a socket can be listened at");
    redis::Address address;
    address.socket = name.sun_path;
    redis::Connection connection(address, Secret(), redis::in(redis::Milliseconds(5000)));
    unlink(name.sun_path);
    return connection;
}

// In the midst of a pass.
redis::Sweep begun_sweep(bool everything) {
    auto connection = unused_connection();
    KeyMatcher owned;
    owned.add_pattern("mine:*");
    redis::Sweep sweep;
    sweep.set_owned(std::move(owned));
    sweep.add_pattern("a:*");
    sweep.add_pattern("b?[^x]\\*");
    sweep.add_user(user);
    if (everything) {
        sweep.add_everything();
    }
    sweep.append_step(connection);
    return sweep;
}

void check_found(const redis::Reply& reply, const std::vector<std::string>& found) {
    const auto& scanned = reply.items[1].items;
    const auto was_scanned = [&](const std::string& key) {
        return std::any_of(scanned.begin(), scanned.end(), [&](const auto& item) { return item.text == key; });
    };
    for (const auto& key : found) {
        const bool is_tag = key.starts_with(cache_key::tag_prefix);
        const auto plain = is_tag ? key.substr(cache_key::tag_prefix.size()) : key;
        check(was_scanned(key) || was_scanned(is_tag ? plain : cache_key::tag_of(key)), "found without being scanned");
    }
}

void read_answer(const redis::Reply& reply) {
    redis::info_field(reply, "role");
    redis::info_field(reply, "");
    check(redis::failure_from(reply).message.size() < 300, "a message that grows with the answer");
    redis::brief_failure_from(reply);
    for (const bool everything : {false, true}) {
        static const redis::Sweep begun[2] = {begun_sweep(false), begun_sweep(true)};
        redis::Sweep sweep = begun[everything ? 1 : 0];
        try {
            check_found(reply, sweep.take(reply));
        } catch (const redis::Failure&) {
            continue;
        }
        sweep.due();
    }
    for (const auto& item : reply.items) {
        read_answer(item);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(redisReaderCreate(), redisReaderFree);
    std::mt19937 random(data[0]);
    for (std::size_t at = 1; at < size;) {
        const std::size_t length = std::min<std::size_t>(size - at, data[0] == 0 ? size : 1 + random() % 40);
        redisReaderFeed(reader.get(), reinterpret_cast<const char*>(data) + at, length);
        at += length;
        for (;;) {
            void* object = nullptr;
            if (redisReaderGetReply(reader.get(), &object) != REDIS_OK) {
                return 0;
            }
            if (object == nullptr) {
                break;
            }
            const std::unique_ptr<void, decltype(&freeReplyObject)> owner(object, freeReplyObject);
            read_answer(redis::reply_from(*static_cast<const redisReply*>(object)));
        }
    }
    return 0;
}
