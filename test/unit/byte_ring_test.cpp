// The ring of records against a queue without a limit.
#include "core/cache/byte_ring.hpp"
#include "random_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>

namespace helix {
namespace {

// A ring with a known byte on either side of its memory.
class Memory {
  public:
    explicit Memory(std::size_t bytes) : bytes_(bytes), memory_(new std::uint64_t[bytes / 8 + 3]) {
        std::memset(memory_.get(), guard, (bytes / 8 + 3) * 8);
        ByteRing::create(start(), bytes);
    }
    ByteRing& ring() { return ByteRing::at(start()); }
    // How many bytes of the memory have ever been written.
    std::size_t touched() {
        const auto* all = reinterpret_cast<const unsigned char*>(memory_.get()) + 8;
        std::size_t size = bytes_;
        while (size > 0 && all[size - 1] == guard) {
            --size;
        }
        return size;
    }
    bool is_intact() {
        const auto* all = reinterpret_cast<const unsigned char*>(memory_.get());
        const auto is_guard = [](unsigned char c) { return c == guard; };
        return std::all_of(all, all + 8, is_guard) &&
               std::all_of(all + 8 + bytes_, all + (bytes_ / 8 + 3) * 8, is_guard);
    }

  private:
    static constexpr unsigned char guard = 0xa5;
    void* start() { return memory_.get() + 1; }
    std::size_t bytes_;
    std::unique_ptr<std::uint64_t[]> memory_;
};

std::string popped(ByteRing& ring) {
    std::vector<char> records;
    std::string text = ring.pop(records, 0) ? "" : "nothing";
    ByteRing::for_each_record(records, [&](auto record) { text.append(record.data(), record.size()); });
    return text;
}

std::size_t overhead() {
    Memory memory(256);
    memory.ring().push(std::string("x"));
    return memory.ring().used() - 1;
}

TEST(ByteRing, GivesBackWhatCameFirst) {
    Memory memory(256);
    auto& ring = memory.ring();
    EXPECT_TRUE(ring.empty());
    EXPECT_EQ(ring.used(), 0U);
    EXPECT_GT(ring.capacity(), 200U);
    EXPECT_LE(ring.capacity(), 256U);
    EXPECT_EQ(popped(ring), "nothing");
    EXPECT_TRUE(ring.push(std::string("first")));
    EXPECT_TRUE(ring.push(std::string()));
    EXPECT_TRUE(ring.push(std::string("a\0b", 3)));
    EXPECT_FALSE(ring.empty());
    EXPECT_EQ(popped(ring), "first");
    EXPECT_EQ(popped(ring), "");
    EXPECT_EQ(popped(ring), std::string("a\0b", 3));
    EXPECT_EQ(popped(ring), "nothing");
    EXPECT_TRUE(ring.empty());
}

TEST(ByteRing, GivesWholeRecordsUpToABound) {
    const std::size_t extra = overhead();
    Memory memory(256);
    auto& ring = memory.ring();
    const auto sizes = [&](std::size_t most) {
        std::vector<char> records;
        std::vector<std::size_t> found;
        ring.pop(records, most);
        ByteRing::for_each_record(records, [&](auto record) { found.push_back(record.size()); });
        return found;
    };
    ASSERT_TRUE(ring.push(std::string()));
    for (std::size_t lap = 0; lap < 600; ++lap) { // the end of the memory falls between any two bytes of them
        for (const std::size_t size : {3, 0, 5, 30, 1, 7}) {
            ASSERT_TRUE(ring.push(std::string(size, 'x')));
        }
        EXPECT_EQ(sizes(0), (std::vector<std::size_t>{lap % 20})) << "of the lap before: it is never empty in between";
        EXPECT_EQ(sizes(3 * extra + 8), (std::vector<std::size_t>{3, 0, 5}));
        EXPECT_EQ(sizes(extra + 10), (std::vector<std::size_t>{30})) << "one at least";
        ASSERT_TRUE(ring.push(std::string((lap + 1) % 20, 'y')));
        EXPECT_EQ(sizes(2 * extra + 8), (std::vector<std::size_t>{1, 7}));
    }
    ASSERT_TRUE(ring.push(std::string(1, 'x')));
    ASSERT_TRUE(ring.push(std::string(7, 'x')));
    EXPECT_EQ(sizes(1000), (std::vector<std::size_t>{0, 1, 7})) << "all that there are";
    EXPECT_TRUE(sizes(1000).empty());
    EXPECT_TRUE(memory.is_intact());
}

TEST(ByteRing, BeginsAnewInTheSameMemoryOnceItIsEmpty) {
    Memory memory(65'536);
    auto& ring = memory.ring();
    const std::size_t before = memory.touched();
    for (int lap = 0; lap < 10'000; ++lap) {
        ASSERT_TRUE(ring.push(std::string(20, 'x')));
        ASSERT_TRUE(ring.push(std::string(20, 'y')));
        EXPECT_EQ(popped(ring), std::string(20, 'x'));
        EXPECT_EQ(popped(ring), std::string(20, 'y'));
    }
    EXPECT_LE(memory.touched(), before + 2 * (overhead() + 20));
}

TEST(ByteRing, TakesAllOfARecordOrNothing) {
    for (std::size_t size = 65; size < 200; ++size) {
        Memory memory(size);
        auto& ring = memory.ring();
        const std::string largest(ring.capacity() - overhead(), 'x');
        EXPECT_FALSE(ring.push(largest + "x"));
        EXPECT_TRUE(ring.empty());
        ASSERT_TRUE(ring.push(largest));
        EXPECT_EQ(ring.used(), ring.capacity());
        EXPECT_FALSE(ring.push(std::string())) << "it is full";
        EXPECT_EQ(popped(ring), largest);
        EXPECT_TRUE(ring.empty());
        std::string first(7, 'z'); // never empty from here on: the large one begins elsewhere each time
        ASSERT_TRUE(ring.push(first));
        while (!first.empty()) {
            const std::string rest(ring.capacity() - ring.used() - overhead(), 'x');
            EXPECT_FALSE(ring.push(rest + "x"));
            ASSERT_TRUE(ring.push(rest));
            EXPECT_EQ(ring.used(), ring.capacity());
            EXPECT_FALSE(ring.push(std::string()));
            EXPECT_FALSE(ring.push(std::string("y")));
            EXPECT_EQ(popped(ring), first);
            first.pop_back();
            EXPECT_TRUE(ring.push(first)) << "where the other was";
            EXPECT_EQ(popped(ring), rest);
        }
        EXPECT_TRUE(memory.is_intact()) << size;
    }
}

TEST(ByteRing, EqualsAQueue) {
    const std::size_t extra = overhead();
    for (unsigned seed = 1; seed <= 40; ++seed) {
        std::mt19937_64 random(seed);
        Memory memory(65 + random_below(random, seed % 4 == 0 ? 5'000 : 120));
        auto& ring = memory.ring();
        std::deque<std::string> queue;
        std::size_t used = 0;
        for (int i = 0; i < 20'000; ++i) {
            if (random_below(random, 2) == 0) {
                const auto record = random_text(random, "abcdefgh", ring.capacity() / (1 + random_below(random, 8)));
                const bool fits = used + extra + record.size() <= ring.capacity();
                ASSERT_EQ(ring.push(record), fits);
                if (fits) {
                    queue.push_back(record);
                    used += extra + record.size();
                }
            } else {
                ASSERT_EQ(popped(ring), queue.empty() ? "nothing" : queue.front());
                if (!queue.empty()) {
                    used -= extra + queue.front().size();
                    queue.pop_front();
                }
            }
            ASSERT_EQ(ring.used(), used);
            ASSERT_EQ(ring.empty(), queue.empty());
        }
        EXPECT_TRUE(memory.is_intact());
    }
}

TEST(ByteRing, IsFoundAgainInItsMemory) {
    alignas(8) char memory[128];
    ByteRing::create(memory, sizeof(memory)).push(std::string("kept"));
    EXPECT_EQ(popped(ByteRing::at(memory)), "kept");
    ByteRing::at(memory).push(std::string("forgotten"));
    EXPECT_TRUE(ByteRing::create(memory, sizeof(memory)).empty());
}

} // namespace
} // namespace helix
