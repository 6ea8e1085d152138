// What writers have been told was committed, by key: the least that a read may show.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <vector>

namespace coherence {

using Micros = std::int64_t; // since 1970, this host's clock, which is the server's

class KeyHistory {
  public:
    // A commit of that version was acknowledged at that time. Only versions above all earlier ones tell anything.
    void acknowledge(Micros at, std::int64_t version) {
        const std::lock_guard lock(mutex_);
        if (commits_.empty() || version > commits_.back().version) {
            commits_.push_back({commits_.empty() ? at : std::max(at, commits_.back().at), version});
        }
    }

    // One more commit, for keys whose version is the number of commits.
    void acknowledge_one_more(Micros at) {
        const std::lock_guard lock(mutex_);
        commits_.push_back({std::max(at, commits_.back().at), commits_.back().version + 1});
    }

    // How long a newer version had been committed when the read of `version` started; 0 where there was none.
    Micros staleness(Micros start, std::int64_t version) const {
        const std::lock_guard lock(mutex_);
        const auto newer = std::partition_point(commits_.begin(), commits_.end(),
                                                [version](const Commit& c) { return c.version <= version; });
        return newer == commits_.end() ? 0 : std::max<Micros>(0, start - newer->at);
    }

    std::int64_t newest() const {
        const std::lock_guard lock(mutex_);
        return commits_.back().version;
    }

  private:
    struct Commit {
        Micros at;
        std::int64_t version;
    };

    mutable std::mutex mutex_;
    std::vector<Commit> commits_; // both members rise
};

} // namespace coherence
