#include "cache/delivery.hpp"

#include "core/cache_key.hpp"
#include "core/json.hpp"

namespace helix::cache {

namespace {

constexpr std::string_view channel = "helix:invalidations";
constexpr std::size_t most_repeated_bytes = std::size_t{32} << 20; // beyond, the repetition is a sweep for everything
using RepetitionStep = std::chrono::duration<std::int64_t, std::ratio<50, 1000>>;
constexpr std::size_t most_names = 500; // in one message

} // namespace

void Delivery::key(std::string_view key) {
    batch_->tokens.emplace(cache_key::scope_token(cache_key::scope_of(key)));
    batch_->keys.emplace(key);
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
        batch_->tokens.emplace(cache_key::scope_token(scope));
    }
    batch_->patterns.emplace(pattern);
}

void Delivery::sums(std::string_view user, std::string_view operation) {
    for (const auto& each : cache_key::sum_patterns(user, operation)) {
        batch_->tokens.emplace(cache_key::scope_token(each.scope()));
        batch_->patterns.emplace(each.text);
    }
}

void Delivery::user(std::string_view user) {
    batch_->tokens.emplace(cache_key::user_token(user));
    batch_->users.emplace(user);
}

void Delivery::owned_by(std::string_view user) {
    batch_->tokens.emplace(cache_key::user_token(user));
    batch_->owners.emplace(user);
}

void Delivery::everything() {
    new_epoch_ = true;
    batch_->everything = true;
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
    if (batch_->everything) {
        connection.append({"PUBLISH", channel, R"({"everything":true})"});
        return;
    }
    Set users(batch_->users, &batch_->memory);
    users.insert(batch_->owners.begin(), batch_->owners.end());
    const struct {
        const char* kind;
        const Set& names;
    } kinds[] = {{"keys", batch_->keys}, {"patterns", batch_->patterns}, {"users", users}};
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
            if (!begun) {
                append_json_quoted(message, kind);
                message += ":[";
            }
            append_json_quoted(message, name);
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

std::size_t Delivery::Batch::bytes() const {
    constexpr std::size_t node = 80; // about, of a set
    std::size_t bytes = sizeof(*this);
    for (const auto* set : {&tokens, &keys, &patterns, &users, &owners}) {
        for (const auto& name : *set) {
            bytes += node + name.size();
        }
    }
    return bytes;
}

// Those of a step become due together.
void Delivery::remember(redis::Milliseconds delay) {
    if (delay.count() == 0) {
        return;
    }
    const auto due = redis::Deadline(std::chrono::ceil<RepetitionStep>(redis::in(delay).time_since_epoch()));
    std::size_t bytes = batch_->bytes();
    if (repeated_bytes_ + bytes > most_repeated_bytes) {
        repetitions_.clear();
        batch_ = std::make_unique<Batch>();
        batch_->everything = true;
        repeated_bytes_ = 0;
        bytes = 0;
    }
    repeated_bytes_ += bytes;
    repetitions_.push_back({due, std::move(batch_), bytes});
}

std::vector<Delivery::Repetition> Delivery::take_due_repetitions() {
    std::vector<Repetition> due;
    const auto now = std::chrono::steady_clock::now();
    while (!repetitions_.empty() && repetitions_.front().due <= now) {
        repeated_bytes_ -= repetitions_.front().bytes;
        due.push_back(std::move(repetitions_.front()));
        repetitions_.pop_front();
    }
    return due;
}

// Of this time and of those that are repeated.
void Delivery::append_keys(redis::Connection& connection, const std::vector<Repetition>& due) {
    std::unordered_set<std::string_view> keys(batch_->keys.begin(), batch_->keys.end());
    for (const auto& repetition : due) {
        keys.insert(repetition.batch->keys.begin(), repetition.batch->keys.end());
    }
    std::vector<std::string> tags;
    tags.reserve(keys.size());
    for (const auto key : keys) {
        tags.push_back(cache_key::tag_of(key));
        sweep_.forget(key);
    }
    append_unlink(connection, keys);
    append_unlink(connection, tags);
}

void Delivery::append(redis::Connection& connection, redis::Milliseconds repeat_delay) {
    append_epoch(connection);
    append_unlink(connection, batch_->tokens); // first: what is filled meanwhile is refused
    const auto due = take_due_repetitions();
    append_keys(connection, due);
    for (const auto& repetition : due) {
        sweep_for(*repetition.batch);
    }
    repeated_ = !due.empty();
    sent_ = batch_->size() + (batch_->everything ? 1 : 0);
    if (!batch_->empty()) {
        append_messages(connection);
        sweep_for(*batch_);
        remember(repeat_delay);
    }
    batch_ = std::make_unique<Batch>();
    new_epoch_ = false;
}

std::optional<redis::Deadline> Delivery::repeat_due() const {
    return repetitions_.empty() ? std::nullopt : std::optional(repetitions_.front().due);
}

void Delivery::clear() {
    batch_ = std::make_unique<Batch>();
    new_epoch_ = false;
    repetitions_.clear();
    repeated_bytes_ = 0;
    sent_ = 0;
}

} // namespace helix::cache
