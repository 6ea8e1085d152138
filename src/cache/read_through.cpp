// Reads a value through the cache, or computes it and fills it in.
#include "pg/prelude.hpp"

#include "cache/read_through.hpp"

#include "cache/fill_lock.hpp"
#include "cache/pending.hpp"
#include "cache/session_connection.hpp"
#include "config.hpp"
#include "pg/guard.hpp"
#include "pg/latch.hpp"

#include <algorithm>
#include <cstring>

extern "C" {
#include "access/xlog.h"
#include "utils/jsonb.h"
}

namespace helix::cache {

namespace {

// A waiting reader asks every 5 ms at first, and later whenever it has waited an eighth longer.
constexpr long shortest_pause_ms = 5;
constexpr long longest_pause_ms = 100;

Json json_from(const Entry& entry) {
    if (entry.origin == Origin::computed_null) {
        return {};
    }
    const char* characters = entry.text.c_str();
    return pg::call([&] { return Json{DirectFunctionCall1(jsonb_in, CStringGetDatum(characters)), false}; });
}

void pause(std::chrono::steady_clock::time_point since) {
    const auto waited = std::chrono::steady_clock::now() - since;
    const long waited_ms = static_cast<long>(std::chrono::floor<redis::Milliseconds>(waited).count());
    const long pause_ms = std::clamp(waited_ms / 8, shortest_pause_ms, longest_pause_ms);
    pg::call([&] {
        pg::wait_for_latch(pause_ms);
        CHECK_FOR_INTERRUPTS();
    });
}

std::optional<Entry> read(std::string_view key, bool given_too) {
    auto found = session().call(
        [&](auto& connection, auto deadline) { return read_entry(connection, key, given_too, deadline); });
    return found ? std::move(*found) : std::nullopt;
}

// What waiting has given: a ticket to fill with, or the value that another reader has filled in meanwhile.
struct Awaited {
    std::optional<Ticket> ticket;
    std::optional<Entry> value;
};

Awaited wait_for_turn(std::string_view key, FillLock& lock) {
    const auto patience = redis::Milliseconds(config::cache_fill_wait_ms);
    const auto start = std::chrono::steady_clock::now();
    for (bool waited = false;; waited = true) {
        if (waited) {
            pause(start);
        }
        auto turn = lock.take(patience);
        if (waited) { // a new filler too: the last one has given the fill lock back after it had stored the value
            if (auto value = read(key, false)) {
                return {std::nullopt, std::move(value)};
            }
        }
        if (!turn || !turn->ticket || turn->role != Role::waits ||
            std::chrono::steady_clock::now() >= start + patience) {
            return {turn ? std::move(turn->ticket) : std::nullopt, std::nullopt};
        }
    }
}

// Where the caller gives up, another reader may have more time. Other errors happen to all readers.
Json compute_under(FillLock& lock, Compute compute, void* argument) {
    try {
        return pg::call([&] { return compute(argument); });
    } catch (const pg::PgError&) {
        if (pg::call(geterrcode) == ERRCODE_QUERY_CANCELED) {
            lock.leave_to_next();
        }
        throw;
    }
}

} // namespace

std::optional<Ticket> new_ticket(std::string_view key) {
    auto ticket =
        session().call([&](auto& connection, auto deadline) { return take_ticket(connection, key, deadline); });
    return ticket ? std::move(*ticket) : std::nullopt;
}

bool store(std::string_view key, const Ticket& ticket, Origin origin, const Json& json, int ttl_s) {
    const char* text = json.is_null ? "null" : pg::call([&] {
        Jsonb* jsonb = DatumGetJsonbP(json.value);
        return static_cast<const char*>(JsonbToCString(nullptr, &jsonb->root, VARSIZE(jsonb)));
    });
    if (strlen(text) > largest_value) {
        return false;
    }
    const auto stored = session().call([&](auto& connection, auto deadline) {
        return fill_entry(connection, key, ticket, origin, text, ttl_s, deadline);
    });
    return stored.value_or(false);
}

bool may_fill() {
    return !RecoveryInProgress() && !IsolationUsesXactSnapshot() && !TransactionIdIsValid(GetTopTransactionIdIfAny());
}

Json look_up(std::string_view key) {
    if (pending().covers(key)) {
        return {};
    }
    const auto entry = read(key, true);
    return entry ? json_from(*entry) : Json{};
}

Json read_through(std::string_view key, int ttl_s, Compute compute, void* argument) {
    // Past the cache, where the transaction has one snapshot for all, or changes that others must not see.
    if (IsolationUsesXactSnapshot() || pending().covers(key)) {
        return pg::call([&] { return compute(argument); });
    }
    if (const auto entry = read(key, false)) {
        return json_from(*entry);
    }
    const bool may_wait = config::cache_fill_wait_ms > 0 && !FillLock::held();
    FillLock lock(key);
    Awaited awaited;
    if (may_fill()) {
        awaited = may_wait ? wait_for_turn(key, lock) : Awaited{new_ticket(key), std::nullopt};
    }
    if (awaited.value) {
        lock.leave_to_next();
        return json_from(*awaited.value);
    }
    const Json computed = compute_under(lock, compute, argument); // its snapshot is newer than the ticket
    const auto origin = computed.is_null ? Origin::computed_null : Origin::computed;
    if (awaited.ticket && may_fill() && store(key, *awaited.ticket, origin, computed, ttl_s)) {
        lock.leave_to_next();
    }
    return computed;
}

} // namespace helix::cache
