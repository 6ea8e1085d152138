#include "cache/delivery.hpp"

#include "core/cache_key.hpp"
#include "core/json.hpp"

namespace helix::cache {

namespace {

constexpr std::string_view channel = "helix:invalidations";
constexpr std::size_t most_repeated_bytes = std::size_t{32} << 20; // beyond, the repetition is a sweep for everything
constexpr redis::Milliseconds repetition_step{20};
constexpr std::size_t most_names = 500; // in one message

} // namespace

void Delivery::key(std::string_view key) {
    tokens_.insert(cache_key::scope_token(cache_key::scope_of(key)));
    batch_.keys.emplace(key);
}

void Delivery::pattern(std::string_view pattern) {
    const auto [literal, rest] = glob_prefix(pattern);
    if (rest.empty()) {
        return key(literal);
    }
    const auto scope = cache_key::scope_of_prefix(literal);
    if (scope.empty()) {
        new_epoch_ = true;
    } else {
        tokens_.insert(cache_key::scope_token(scope));
    }
    batch_.patterns.emplace(pattern);
}

void Delivery::sums(std::string_view user, std::string_view operation) {
    const auto patterns = cache_key::sum_patterns(user, operation);
    pattern(patterns.trends);
    pattern(patterns.operation_metrics);
    pattern(patterns.all_metrics);
}

void Delivery::user(std::string_view user) {
    tokens_.insert(cache_key::user_token(user));
    batch_.users.emplace(user);
}

void Delivery::owned_by(std::string_view user) {
    tokens_.insert(cache_key::user_token(user));
    batch_.owners.emplace(user);
}

void Delivery::everything() {
    new_epoch_ = true;
    batch_.everything = true;
}

void Delivery::append_epoch(redis::Connection& connection) {
    if (new_epoch_) {
        epoch_ = fresh_token();
        connection.append({"UNLINK", cache_key::epoch}); // holds even where Redis has no memory for the next one
        connection.append({"SET", cache_key::epoch, epoch_});
    }
}

// In messages of a bounded length.
void Delivery::append_messages(redis::Connection& connection) {
    if (batch_.everything) {
        connection.append({"PUBLISH", channel, R"({"everything":true})"});
        return;
    }
    Set users = batch_.users;
    users.insert(batch_.owners.begin(), batch_.owners.end());
    const struct {
        const char* kind;
        const Set& names;
    } kinds[] = {{"keys", batch_.keys}, {"patterns", batch_.patterns}, {"users", users}};
    std::string message;
    std::size_t names = 0;
    const auto send = [&] {
        if (names > 0) {
            connection.append({"PUBLISH", channel, message + "]}"});
        }
        message.clear();
        names = 0;
    };
    for (const auto& [kind, set] : kinds) {
        bool begun = false;
        for (const auto& name : set) {
            if (names == most_names) {
                send();
                begun = false;
            }
            message += names == 0 ? "{" : (begun ? "," : "],");
            message += begun ? "" : json_quoted(kind) + ":[";
            message += json_quoted(name);
            begun = true;
            ++names;
        }
    }
    send();
}

void Delivery::sweep_for(const Batch& batch) {
    for (const auto& pattern : batch.patterns) {
        sweep_.add_pattern(pattern);
    }
    for (const auto& user : batch.users) {
        sweep_.add_user(user);
    }
    for (const auto& user : batch.owners) {
        sweep_.add_owned_by(user);
    }
    if (batch.everything) {
        sweep_.add_everything();
    }
}

std::size_t Delivery::batch_bytes() const {
    constexpr std::size_t node = 64; // about, of a set
    std::size_t bytes = 0;
    for (const auto* set : {&batch_.keys, &batch_.patterns, &batch_.users, &batch_.owners}) {
        for (const auto& name : *set) {
            bytes += node + name.size();
        }
    }
    return bytes;
}

// Batches that are due at about the same time become one.
void Delivery::remember(redis::Milliseconds delay) {
    if (delay.count() == 0) {
        return;
    }
    const auto due = redis::in(delay);
    if (repetitions_.empty() || repetitions_.back().due < due) {
        repetitions_.push_back({due + repetition_step, {}, 0});
    }
    repetitions_.back().bytes += batch_bytes();
    Batch& last = repetitions_.back().batch;
    last.keys.merge(batch_.keys);
    last.patterns.merge(batch_.patterns);
    last.users.merge(batch_.users);
    last.owners.merge(batch_.owners);
    last.everything = last.everything || batch_.everything;
    std::size_t all = 0;
    for (const auto& repetition : repetitions_) {
        all += repetition.bytes;
    }
    if (all > most_repeated_bytes) {
        repetitions_.clear();
        repetitions_.push_back({due, {}, 0});
        repetitions_.back().batch.everything = true;
    }
}

void Delivery::take_due_repetitions(Set& keys) {
    const auto now = std::chrono::steady_clock::now();
    while (!repetitions_.empty() && repetitions_.front().due <= now) {
        keys.merge(repetitions_.front().batch.keys);
        sweep_for(repetitions_.front().batch);
        repetitions_.pop_front();
    }
}

void Delivery::append(redis::Connection& connection, redis::Milliseconds repeat_delay) {
    append_epoch(connection);
    append_unlink(connection, tokens_); // first: what is filled meanwhile is refused
    Set keys;
    take_due_repetitions(keys);
    keys.insert(batch_.keys.begin(), batch_.keys.end());
    Set tags;
    for (const auto& key : keys) {
        tags.insert(cache_key::tag_of(key));
        sweep_.forget(key);
    }
    append_unlink(connection, keys);
    append_unlink(connection, tags);
    sent_ = batch_.size() + (batch_.everything ? 1 : 0);
    if (!batch_.empty()) {
        append_messages(connection);
        sweep_for(batch_);
        remember(repeat_delay);
    }
    tokens_.clear();
    batch_ = {};
    new_epoch_ = false;
}

std::optional<redis::Deadline> Delivery::repeat_due() const {
    return repetitions_.empty() ? std::nullopt : std::optional(repetitions_.front().due);
}

void Delivery::clear() {
    tokens_.clear();
    batch_ = {};
    new_epoch_ = false;
    repetitions_.clear();
    sent_ = 0;
}

} // namespace helix::cache
