// Reads a value through the cache, or computes it and fills it in.
#include "pg/prelude.hpp"

#include "cache/read_through.hpp"

#include "cache/pending.hpp"
#include "cache/session_connection.hpp"
#include "config.hpp"
#include "pg/guard.hpp"
#include "pg/latch.hpp"

#include <cstring>

extern "C" {
#include "access/xlog.h"
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
        pg::wait_for_latch(poll_ms);
        CHECK_FOR_INTERRUPTS();
    });
}

std::optional<std::string> read(std::string_view key, bool given_too) {
    auto found = session().call(
        [&](auto& connection, auto deadline) { return read_entry(connection, key, given_too, deadline); });
    return found ? std::move(*found) : std::nullopt;
}

// What waiting has given: a ticket to fill with, or the value that another reader has filled in meanwhile.
struct Awaited {
    std::optional<Ticket> ticket;
    std::optional<std::string> value;
};

Awaited wait_for_turn(std::string_view key) {
    const auto patience = redis::Milliseconds(config::cache_fill_wait_ms);
    const auto give_up = redis::in(patience);
    for (bool waited = false;; waited = true) {
        if (waited) {
            pause();
        }
        auto turn = session().call(
            [&](auto& connection, auto deadline) { return take_turn(connection, key, patience, deadline); });
        if (waited) { // a new filler too: the last one has given the fill lock back together with the value
            if (auto value = read(key, false)) {
                return {std::nullopt, std::move(value)};
            }
        }
        if (!turn || !turn->ticket || turn->is_filler || std::chrono::steady_clock::now() >= give_up) {
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
    // Past the cache, where the transaction has one snapshot for all, or changes that others must not see.
    if (IsolationUsesXactSnapshot() || pending().covers(key)) {
        return pg::call([&] { return compute(argument); });
    }
    if (const auto value = read(key, false)) {
        return json_from(*value);
    }
    Awaited awaited;
    if (may_fill()) {
        awaited = wait_for_turn(key);
    }
    if (awaited.value) {
        return json_from(*awaited.value);
    }
    const Json computed = pg::call([&] { return compute(argument); }); // its snapshot is newer than the ticket
    if (awaited.ticket && !computed.is_null && may_fill()) {
        store(key, *awaited.ticket, Origin::computed, computed.value, ttl_s);
    }
    return computed;
}

} // namespace helix::cache
