// Follows the keys that Redis tells of, and keeps the index of them.
#include "redis/known_keys.hpp"

#include "core/cache/cache_key.hpp"
#include "core/glob.hpp"

#include <algorithm>

namespace helix::redis {

namespace {

constexpr std::string_view channel = "__redis__:invalidate"; // a name of Redis's own
constexpr Milliseconds listen_pause{50};                     // while keys change: Redis buffers only so much for us
constexpr Milliseconds check_pause{500};
constexpr std::size_t rounds_for_all = 600; // of checks: each key in about 5 minutes, the clients' usual TTL
constexpr std::size_t most_checks = 2000;   // in a round
constexpr std::size_t most_messages = 1000; // that are taken without looking at anything else
constexpr Milliseconds full_pause{600'000}; // learning in vain costs memory and a pass

// The places in what Redis sends to a subscription.
struct Message {
    enum : std::size_t { kind, sender, keys, size };
};

class NoRoom final : public std::exception {};

// Begins to listen; returns the id by which Redis knows the connection.
std::string subscribe(Connection& subscriber, Deadline deadline) {
    const auto id = subscriber.call({"CLIENT", "ID"}, deadline);
    subscriber.call({"SUBSCRIBE", channel}, deadline);
    return std::to_string(id.integer);
}

// Redis does not tell of what the connection itself changed last: removing a key would bring it into the index.
std::vector<std::string_view> tracking_command(const std::string& subscriber,
                                               const std::vector<std::string>& prefixes) {
    std::vector<std::string_view> words{"CLIENT", "TRACKING", "ON", "REDIRECT", subscriber, "BCAST", "NOLOOP"};
    for (const auto& prefix : prefixes) {
        words.insert(words.end(), {"PREFIX", prefix});
    }
    return words;
}

} // namespace

KnownKeys::KnownKeys(std::size_t most_bytes) : index_(most_bytes), backoff_(Milliseconds(100), Milliseconds(60'000)) {}

void KnownKeys::set_patterns(const std::vector<std::string>& patterns) {
    auto prefixes = disjoint_prefixes(patterns);
    if (prefixes == prefixes_) {
        return;
    }
    prefixes_ = std::move(prefixes);
    if (stage_ != Stage::off) {
        lose({}, Milliseconds(0));
    }
    follow_at_ = {};
}

bool KnownKeys::wants_to_follow() const {
    return stage_ == Stage::off && !prefixes_.empty() && follow_at_ <= std::chrono::steady_clock::now();
}

void KnownKeys::follow(Connection& commands, std::unique_ptr<Connection> subscriber, Deadline deadline) {
    std::string run_id;
    std::string id;
    try {
        run_id = info_field(subscriber->call({"INFO", "server"}, deadline), "run_id");
        id = subscribe(*subscriber, deadline);
    } catch (const Failure& failure) {
        return lose(failure.message);
    }
    commands.append({"CLIENT", "TRACKING", "OFF"}); // the prefixes must not overlap with earlier ones
    commands.append(tracking_command(id, prefixes_));
    commands.append({"EXISTS", cache_key::epoch}); // whether the user may call it at all
    commands.append({"INFO", "server"});
    const auto answers = commands.exchange(deadline);
    for (const auto& answer : answers) {
        if (answer.is_error()) {
            return lose(failure_from(answer).message);
        }
    }
    commands_ = &commands;
    if (info_field(answers.back(), "run_id") != run_id) { // a proxy spreads connections over servers
        return lose("its connections lead to different servers");
    }
    subscriber_ = std::move(subscriber);
    index_.clear();
    stage_ = Stage::following;
    listen_at_ = in(listen_pause);
}

void KnownKeys::lose(const std::string& why) {
    lose(why, backoff_.next());
}

void KnownKeys::lose(const std::string& why, Milliseconds pause) {
    if (commands_ != nullptr) {
        commands_->append({"CLIENT", "TRACKING", "OFF"}); // goes out with the next commands
    }
    forget();
    trouble_ = why;
    follow_at_ = in(pause);
}

void KnownKeys::forget() {
    commands_ = nullptr;
    subscriber_.reset();
    index_.clear();
    checked_.clear();
    marks_ = 0;
    stage_ = Stage::off;
    follow_at_ = {};
}

void KnownKeys::relearn() {
    index_.clear();
    stage_ = stage_ == Stage::off ? Stage::off : Stage::following;
}

// Calls f while Redis tells of keys. Where f fails, the index is lost.
template <typename F>
void KnownKeys::unless_lost(F f) {
    if (stage_ == Stage::off) {
        return;
    }
    try {
        f();
    } catch (const NoRoom&) {
        lose("there are too many", full_pause);
    } catch (const Failure& failure) {
        lose(failure.message);
    }
}

void KnownKeys::add(std::string_view key) {
    if (!cache_key::is_own(key) && !index_.add(key)) {
        throw NoRoom();
    }
}

void KnownKeys::apply(const Reply& message) {
    using Type = Reply::Type;
    const auto& items = message.items;
    if (items.size() != Message::size || items[Message::kind].text != "message" ||
        items[Message::sender].text != channel) {
        throw Failure("Redis sent something else than what it was asked to tell");
    }
    if (items[Message::keys].type != Type::array) { // all keys of some database, maybe another one, were removed
        return relearn();
    }
    for (const auto& key : items[Message::keys].items) {
        add(key.text);
    }
}

void KnownKeys::take(const Reply& message) {
    if (marks_ > 0 && !message.items.empty() && message.items[Message::kind].text == "pong") {
        --marks_;
    } else {
        apply(message);
    }
}

void KnownKeys::listen() {
    std::size_t taken = 0;
    unless_lost([&] {
        for (auto message = subscriber_->arrived(); message; message = subscriber_->arrived()) {
            take(*message);
            if (++taken == most_messages) {
                break;
            }
        }
    });
    listen_at_ = taken == most_messages ? Deadline{} : in(taken == 0 ? check_pause : listen_pause);
}

// The mark is a PING of the subscription. Before its answer, Redis sends all keys that were set before, for this
// reason. Redis collects the keys that commands change in one round of its event loop. At the end of the round, before
// it waits for new commands, it adds the message to the subscription's output (tracking.c,
// trackingBroadcastInvalidationMessages, called by beforeSleep). Once a SET is answered, its round is being ended. A
// PING sent after that is read in a later round, and its answer follows the message: output of one connection keeps its
// order. An empty socket would say nothing: it is also empty while Redis holds what did not fit into it.
void KnownKeys::mark(Deadline deadline) {
    unless_lost([&] {
        subscriber_->append({"PING"});
        subscriber_->send(deadline);
        ++marks_;
    });
}

void KnownKeys::catch_up(Deadline deadline) {
    if (marks_ == 0) {
        mark(deadline);
    }
    unless_lost([&] {
        while (marks_ > 0) {
            take(subscriber_->receive(deadline));
        }
    });
}

std::optional<Deadline> KnownKeys::due() const {
    if (stage_ == Stage::off) {
        return prefixes_.empty() ? std::nullopt : std::optional(follow_at_);
    }
    return stage_ == Stage::complete ? std::min(listen_at_, check_at_) : listen_at_;
}

void KnownKeys::pass_begins() {
    if (stage_ == Stage::following) {
        stage_ = Stage::learning;
    }
}

void KnownKeys::learn(std::string_view key) {
    if (stage_ == Stage::learning && covers(key)) {
        unless_lost([&] { add(key); });
    }
}

void KnownKeys::pass_ends() {
    if (stage_ == Stage::learning) {
        stage_ = Stage::complete;
        trouble_.clear();
        backoff_.reset();
    }
}

std::size_t KnownKeys::append_checks(Connection& connection) {
    if (stage_ != Stage::complete || check_at_ > std::chrono::steady_clock::now()) {
        return 0;
    }
    check_at_ = in(check_pause);
    checked_ = index_.next(std::min(most_checks, index_.size() / rounds_for_all + 10));
    for (const auto& key : checked_) {
        connection.append({"EXISTS", key});
    }
    return checked_.size();
}

void KnownKeys::take_checks(std::span<const Reply> answers) {
    for (std::size_t i = 0; i < std::min(answers.size(), checked_.size()); ++i) {
        if (answers[i].integer == 0) {
            index_.remove(checked_[i]);
        }
    }
    checked_.clear();
}

bool KnownKeys::covers(std::string_view literal) const {
    const auto after = std::upper_bound(prefixes_.begin(), prefixes_.end(), literal);
    return after != prefixes_.begin() && literal.starts_with(*std::prev(after));
}

} // namespace helix::redis
