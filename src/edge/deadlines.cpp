// Deadlines that one timer looks at.
#include "edge/deadlines.hpp"

#include <vector>

namespace helix::edge {

Watched::Watched(Deadlines& deadlines) : deadlines_(deadlines) {
    deadlines_.watched_.insert(this);
}

Watched::~Watched() {
    deadlines_.watched_.erase(this);
}

void Deadlines::check() {
    const auto now = Clock::now();
    std::vector<Watched*> late;
    for (Watched* watched : watched_) {
        if (watched->deadline() <= now) {
            late.push_back(watched);
        }
    }
    for (Watched* watched : late) {
        if (watched_.contains(watched)) { // expiring one may end another
            watched->wait_freely();
            watched->expire();
        }
    }
}

} // namespace helix::edge
