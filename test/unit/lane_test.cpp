// A lane never passes over what is pending, whoever claims, aborts and arrives in between.
#include "core/queue/lane.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <random>
#include <set>
#include <vector>

namespace helix {
namespace {

Lane fresh_lane() {
    Lane lane{};
    lane.reset();
    return lane;
}

TEST(Lane, BeginsAtTheVeryFirstPlace) {
    const auto start = fresh_lane().start();
    EXPECT_EQ(start.from, Lane::first);
}

TEST(Lane, AdvancesToWhatWasSeen) {
    auto lane = fresh_lane();
    lane.advance(lane.start(), 100);
    EXPECT_EQ(lane.start().from, 100);
    lane.advance(lane.start(), 50); // a slower reader that began earlier
    EXPECT_EQ(lane.start().from, 100);
    lane.advance(lane.start(), Lane::last);
    EXPECT_EQ(lane.start().from, Lane::last);
}

TEST(Lane, GoesBackForWhatArrives) {
    auto lane = fresh_lane();
    lane.advance(lane.start(), 100);
    lane.arrive(70);
    EXPECT_EQ(lane.start().from, 70);
    lane.arrive(90);
    EXPECT_EQ(lane.start().from, 70);
}

TEST(Lane, StopsAtWhatArrivedWhileSomeoneRead) {
    auto lane = fresh_lane();
    const auto start = lane.start();
    lane.arrive(40);
    lane.advance(start, 100);
    EXPECT_LE(lane.start().from, 40);
    lane.advance(lane.start(), 100); // another one has seen it
    EXPECT_EQ(lane.start().from, 100);
    lane.advance(start, 120); // the slow reader still has not
    EXPECT_EQ(lane.start().from, 100);
}

TEST(Lane, RemembersSixtyFourArrivals) {
    for (const int arrivals : {63, 64, 65, 128, 1000}) {
        auto lane = fresh_lane();
        lane.advance(lane.start(), 10);
        const auto start = lane.start();
        lane.arrive(20); // the lowest comes first, to be forgotten first
        for (int i = 1; i < arrivals; ++i) {
            lane.arrive(50 + i);
        }
        lane.advance(start, 1000);
        EXPECT_EQ(lane.start().from, arrivals <= 64 ? 20 : 10) << arrivals << " arrivals";
    }
}

// The database: who sees what, and a queue of the places that are committed and free.
class Model {
  public:
    explicit Model(unsigned seed) : random_(seed) { lane_.reset(); }

    void step() {
        switch (below(7)) {
        case 0:
            enqueue();
            break;
        case 1:
            begin_look();
            break;
        case 2:
            take();
            break;
        case 3:
            advance();
            break;
        case 4:
            end(true);
            break;
        case 5:
            end(false);
            break;
        default:
            if (below(40) == 0) { // a burst, more than the lane remembers
                for (int i = 0; i < 100; ++i) {
                    enqueue();
                }
            }
            now_ += below(5);
            if (below(200) == 0) {
                now_ -= below(100); // the clock goes backwards
            }
        }
    }

    // What is free, committed and announced is at or after where the lane begins.
    bool keeps_all() const { return free_.empty() || lane_.start().from <= *free_.begin(); }
    bool moved() const { return moved_; }

  private:
    struct Claimer {
        Lane::Start start{};
        std::vector<Lane::Place> taken; // in this transaction, which is open
        Lane::Place seen = Lane::first; // nothing free before it when it looked
        bool looking = false;
        bool looked = false;
    };

    int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
    Claimer& anyone() { return claimers_[static_cast<std::size_t>(below(claimers))]; }

    void enqueue() {
        // Commits come in another order than places, and some are due later.
        const auto place = now_ - below(30) + (below(10) == 0 ? below(50) : 0);
        free_.insert(place);
        lane_.arrive(place);
    }

    void begin_look() {
        auto& claimer = anyone();
        if (!claimer.looking) {
            claimer.start = lane_.start();
            claimer.looking = true;
            claimer.looked = false;
        }
    }

    // The statement: what is free in its snapshot, from the lane's beginning on; others' locked rows are passed over.
    void take() {
        auto& claimer = anyone();
        if (!claimer.looking || claimer.looked) {
            return;
        }
        const int limit = 1 + below(4);
        int count = 0;
        auto place = free_.lower_bound(claimer.start.from);
        Lane::Place furthest = Lane::first;
        while (place != free_.end() && *place <= now_ && count < limit) {
            furthest = *place;
            claimer.taken.push_back(*place);
            place = free_.erase(place);
            ++count;
        }
        claimer.seen = count == limit ? furthest : now_;
        if (count == 0) {
            claimer.seen = place == free_.end() ? Lane::last : *place;
        }
        claimer.looked = true;
    }

    void advance() {
        auto& claimer = anyone();
        if (claimer.looking && claimer.looked) {
            const auto before = lane_.start().from;
            lane_.advance(claimer.start, claimer.seen);
            moved_ = moved_ || lane_.start().from > before;
            claimer.looking = false;
        }
    }

    void end(bool commit) {
        auto& claimer = anyone();
        if (claimer.looking || claimer.taken.empty()) {
            return;
        }
        if (!commit) {
            free_.insert(claimer.taken.begin(), claimer.taken.end());
            lane_.arrive(*std::min_element(claimer.taken.begin(), claimer.taken.end()));
        }
        claimer.taken.clear();
    }

    static constexpr int claimers = 6;
    Lane lane_{};
    std::multiset<Lane::Place> free_;
    std::array<Claimer, claimers> claimers_{};
    Lane::Place now_ = 1000;
    std::mt19937 random_;
    bool moved_ = false;
};

TEST(Lane, NeverPassesOverWhatIsFree) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        Model model(seed);
        for (int i = 0; i < 5000; ++i) {
            model.step();
            ASSERT_TRUE(model.keeps_all()) << "seed " << seed << ", step " << i;
        }
        EXPECT_TRUE(model.moved());
    }
}

} // namespace
} // namespace helix
