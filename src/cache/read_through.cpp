#include "pg/prelude.hpp"

#include "cache/read_through.hpp"

#include "cache/pending.hpp"
#include "cache/session_connection.hpp"
#include "config.hpp"
#include "pg/guard.hpp"

#include <cstring>

extern "C" {
#include "access/xlog.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/jsonb.h"
}

namespace helix::cache {

namespace {

constexpr long poll_ms = 5;

Json json_from(const std::string& text) {
    const char* characters = text.c_str();
    return pg::call([&] { return Json{DirectFunctionCall1(jsonb_in, CStringGetDatum(characters)), false}; });
}

void pause() {
    pg::call([] {
        WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, poll_ms, PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    });
}

std::optional<std::string> read(std::string_view key, bool given_too) {
    auto found = session().call(
        [&](auto& connection, auto deadline) { return read_entry(connection, key, given_too, deadline); });
    return found ? std::move(*found) : std::nullopt;
}

// A ticket to fill with, or the value that another reader has filled in while this one waited for it.
struct Wait {
    std::optional<Ticket> ticket;
    std::optional<std::string> value;
};

Wait wait_for_turn(std::string_view key) {
    const auto patience = redis::Milliseconds(config::cache_fill_wait_ms);
    const auto give_up = redis::in(patience);
    for (bool waited = false;; waited = true) {
        if (waited) {
            pause();
        }
        auto turn = session().call(
            [&](auto& connection, auto deadline) { return take_turn(connection, key, patience, deadline); });
        if (waited) { // also by the filler: the one before has given the lock back with the value
            if (auto value = read(key, false)) {
                return {std::nullopt, std::move(value)};
            }
        }
        if (!turn || !turn->ticket || turn->filler || std::chrono::steady_clock::now() >= give_up) {
            return {turn ? std::move(turn->ticket) : std::nullopt, std::nullopt};
        }
    }
}

} // namespace

bool store(std::string_view key, const Ticket& ticket, Origin origin, Datum value, int ttl_s) {
    const char* text = pg::call([&] {
        Jsonb* jsonb = DatumGetJsonbP(value);
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
    const auto value = read(key, true);
    return value ? json_from(*value) : Json{};
}

Json read_through(std::string_view key, int ttl_s, Compute compute, void* argument) {
    // One snapshot for the whole transaction, or changes of its own that others must not see: past the cache.
    if (IsolationUsesXactSnapshot() || pending().covers(key)) {
        return pg::call([&] { return compute(argument); });
    }
    if (const auto value = read(key, false)) {
        return json_from(*value);
    }
    Wait turn;
    if (may_fill()) {
        turn = wait_for_turn(key);
    }
    if (turn.value) {
        return json_from(*turn.value);
    }
    const Json computed = pg::call([&] { return compute(argument); }); // its snapshot is newer than the ticket
    if (turn.ticket && !computed.is_null && may_fill()) {
        store(key, *turn.ticket, Origin::computed, computed.value, ttl_s);
    }
    return computed;
}

} // namespace helix::cache
