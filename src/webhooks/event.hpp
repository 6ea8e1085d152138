// Owns: writing rows of helix_internal.webhook_events. Within webhooks/. All raise PostgreSQL errors alone.
#pragma once

#include "pg/prelude.hpp"

namespace helix::webhooks {

inline constexpr std::size_t kept_mac_size =
    10; // bytes of a code that tell it from others, and do not let anyone send it again

// Plain data. What is null or empty is not known.
struct Event {
    pg_uuid_t id;
    pg_uuid_t user_id;
    const pg_uuid_t* schedule_id;
    const char* type;
    const char* error;
    std::string_view signature; // its first 20 characters are kept
    std::string_view body;
    bool keep_body; // where a signature vouches for it
    std::string_view timestamp;
    std::string_view message_id;
    std::string_view mac;
    bool duplicate;
    bool challenge; // of the sender's, which has been answered
    Datum headers;  // those that the scheme keeps, as jsonb; 0: none
    const pg_uuid_t* execution_id;
    const pg_uuid_t* replay_of;
    const char* replayed_by;
};

// Needs an OwnerSpi.
void write_event(const Event& event);

} // namespace helix::webhooks
