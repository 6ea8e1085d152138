// Turns what commits have made stale into Redis commands, and repeats them after a while.
#include "redis/key_removal.hpp"

#include "core/cache/cache_key.hpp"
#include "core/cache/repetition.hpp"
#include "core/json.hpp"

#include <unordered_set>

namespace helix::redis {

namespace {

constexpr std::string_view channel = "helix:invalidations";
constexpr std::size_t most_repeated_bytes = std::size_t{64} << 20; // beyond, a sweep for everything is the repetition
constexpr std::size_t most_names = 500;                            // in one message

// Tells local caches which names are stale, in messages of a bounded length.
class Messages {
  public:
    explicit Messages(Connection& connection) : connection_(connection) {}

    template <typename Names>
    void add(std::string_view kind, const Names& names) {
        bool begun = false;
        for (const auto& name : names) {
            if (count_ == most_names) {
                send();
                begun = false;
            }
            text_ += count_ == 0 ? "{" : (begun ? "," : "],");
            if (!begun) {
                append_json_quoted(text_, kind);
                text_ += ":[";
            }
            append_json_quoted(text_, name);
            begun = true;
            ++count_;
        }
    }

    void send() {
        if (count_ > 0) {
            connection_.append({"PUBLISH", channel, text_ + "]}"});
        }
        text_.clear();
        count_ = 0;
    }

  private:
    Connection& connection_;
    std::string text_;
    std::size_t count_ = 0;
};

} // namespace

void KeyRemoval::key(std::string_view key) {
    batch_->tokens.add(cache_key::scope_token(cache_key::scope_of(key)));
    batch_->keys.add(key);
}

void KeyRemoval::pattern(std::string_view pattern) {
    const auto [literal, rest] = glob_prefix(pattern);
    if (rest.empty()) {
        return key(literal);
    }
    const auto scope = cache_key::scope_of_prefix(literal);
    if (scope.empty()) {
        new_epoch_ = true;
    } else {
        batch_->tokens.add(cache_key::scope_token(scope));
    }
    batch_->patterns.add(pattern);
}

void KeyRemoval::sums(std::string_view user, std::string_view operation) {
    for (const auto& each : cache_key::sum_patterns(user, operation)) {
        batch_->tokens.add(cache_key::scope_token(each.scope()));
        batch_->patterns.add(each.text);
    }
}

void KeyRemoval::user(std::string_view user) {
    batch_->tokens.add(cache_key::user_token(user));
    batch_->users.add(user);
}

void KeyRemoval::everything() {
    new_epoch_ = true;
    batch_->everything = true;
}

void KeyRemoval::append_epoch(Connection& connection) {
    if (new_epoch_) {
        epoch_ = fresh_token_();
        connection.append({"UNLINK", cache_key::epoch}); // works even where Redis has no memory for the next one
        connection.append({"SET", cache_key::epoch, epoch_});
    }
}

void KeyRemoval::append_messages(Connection& connection) {
    if (batch_->everything) {
        connection.append({"PUBLISH", channel, R"({"everything":true})"});
        return;
    }
    Messages messages(connection);
    messages.add("keys", batch_->keys);
    messages.add("patterns", batch_->patterns);
    messages.add("users", batch_->users);
    messages.send();
}

void KeyRemoval::sweep_for(const Batch& batch) {
    for (const auto& pattern : batch.patterns) {
        sweep_.add_pattern(pattern);
    }
    for (const auto& user : batch.users) {
        sweep_.add_user(user);
    }
    if (batch.everything) {
        sweep_.add_everything();
    }
}

// Where there are too many names, a sweep for everything takes their place. Sweeps for everything that wait already
// stay, so that the next overflow does not put them off.
void KeyRemoval::remember(Milliseconds delay) {
    if (delay.count() == 0) {
        return;
    }
    const auto due = repetition_due(std::chrono::steady_clock::now(), delay);
    if (repeated_bytes_ + batch_->bytes() > most_repeated_bytes) {
        std::erase_if(repetitions_, [](const auto& repetition) { return !repetition.batch->everything; });
        batch_ = std::make_unique<Batch>();
        batch_->everything = true;
        repeated_bytes_ = 0;
        for (const auto& repetition : repetitions_) {
            repeated_bytes_ += repetition.batch->bytes();
        }
    }
    repeated_bytes_ += batch_->bytes();
    repetitions_.push_back({due, std::move(batch_)});
}

std::vector<KeyRemoval::Repetition> KeyRemoval::take_due_repetitions() {
    std::vector<Repetition> due;
    const auto now = std::chrono::steady_clock::now();
    while (!repetitions_.empty() && repetitions_.front().due <= now) {
        repeated_bytes_ -= repetitions_.front().batch->bytes();
        due.push_back(std::move(repetitions_.front()));
        repetitions_.pop_front();
    }
    return due;
}

// The keys of this batch, and those of the repetitions that are due.
void KeyRemoval::append_keys(Connection& connection, const std::vector<Repetition>& due) {
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

void KeyRemoval::append(Connection& connection, Milliseconds repeat_delay) {
    append_epoch(connection);
    append_unlink(connection, batch_->tokens); // first, so that fills are refused from here on
    const auto due = take_due_repetitions();
    append_keys(connection, due);
    for (const auto& repetition : due) {
        sweep_for(*repetition.batch);
    }
    sent_ = batch_->size() + (batch_->everything ? 1 : 0);
    if (!batch_->empty()) {
        append_messages(connection);
        sweep_for(*batch_);
        remember(repeat_delay);
    }
    batch_ = std::make_unique<Batch>();
    new_epoch_ = false;
}

std::optional<Deadline> KeyRemoval::repeat_due() const {
    return repetitions_.empty() ? std::nullopt : std::optional(repetitions_.front().due);
}

void KeyRemoval::clear() {
    batch_ = std::make_unique<Batch>();
    new_epoch_ = false;
    repetitions_.clear();
    repeated_bytes_ = 0;
    sent_ = 0;
}

} // namespace helix::redis
