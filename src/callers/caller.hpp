// Owns: who is calling and for which users they may act. Any feature may ask.
#pragma once

#include "pg/spi.hpp"

namespace helix::callers {

// The signed-in user: the sub of request.jwt.claims where claims are set, else helix.user_id; none where neither is
// set. Throws Error 22023 where the subject is not a uuid.
std::optional<pg_uuid_t> current_user();

// Whether the caller's role may act for every user: a superuser, the owner, or a role that may execute
// helix_internal.act_for_anyone().
bool acts_for_anyone();

// Throws Error 42501 unless the caller is `user` or acts for anyone.
void check_acts_for(const pg_uuid_t& user);

// The caller's rights: taken before a switch to the extension's owner, and checked after it.
struct Rights {
    bool for_anyone;
    Oid role;

    // Throws Error 42501 unless the caller is `owner` or acts for anyone. `kind` and `name` say what they asked for,
    // such as an execution and its id. A refusal repeats what the caller passed, and never says whose it is.
    void check_may_use(const pg_uuid_t& owner, const char* kind, const char* name) const;
    void check_may_use(const pg_uuid_t& owner, const char* kind, const pg_uuid_t& id) const;

    // The same for the owner of the first row that `select` finds, if any: its first column is their id. This comes
    // before the row is locked, else a refusal would wait for its owner, and its owner for the refusal. Callers are
    // within an OwnerSpi.
    void check_may_use(pg::Statement& select, const Datum* values, const char* kind, const char* name) const;
    void check_may_use(pg::Statement& select, const Datum* values, const char* kind, const pg_uuid_t& id) const;

    // The role that a handler runs as, where the role `decided_before` has decided a part of what runs and the caller
    // another part. It is the one with fewer rights, so that neither uses the other's.
    const char* run_as(const char* decided_before) const;
};
Rights rights();

// As check_acts_for(). Where helix.allow_self_recording is off, it refuses everyone but those who act for anyone.
void check_records_for(const pg_uuid_t& user);

// Somebody for whom another acts: helix-edge, for whoever has sent a call.
struct Caller {
    std::optional<pg_uuid_t> user;
    bool for_anyone;
};

// From here on `caller` is who calls, whatever the session's role and claims are; null ends that. It must be ended
// before anything may raise: what is asked meanwhile runs in pg::catch_error(). Used by ledger/record_for.cpp alone.
void act_as(const Caller* caller) noexcept;

} // namespace helix::callers
