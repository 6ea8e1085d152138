// Owns: the shared memory of secrets: what is known of each op:// reference and each address of a key set, and who
// wants to know. Facts about them are in the server's shared memory. The secrets themselves are in a mapping that is
// neither dumped nor swapped, and wiped as soon as they end. Used within secrets/ only.
#pragma once

#include "core/secrets/secret.hpp"
#include "pg/prelude.hpp"
#include "secrets/onepassword_answer.hpp"

extern "C" {
#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "storage/lwlock.h"
}

namespace helix::secrets {

constexpr std::size_t most_entries = 256;
constexpr std::size_t longest_reference = 512;
constexpr std::size_t longest_reason = 255;

struct Entry {
    char reference[longest_reference + 1]; // empty: the entry is free
    std::uint64_t ticket;                  // changes whenever an answer under way is no longer wanted
    bool wanted;                           // somebody asks, the keeper has not answered yet
    TimestampTz asked_at;
    std::uint32_t length;     // of the secret; 0: there is none
    TimestampTz fetched_at;   // when the secret came
    TimestampTz refreshed_at; // when ask_again() asked last
    TimestampTz failed_at;    // when the latest failure came; 0: none since the secret
    TimestampTz retry_at;     // nobody asks before
    Outcome outcome;          // the latest
    char reason[longest_reason + 1];
    pg_atomic_uint64 used_at; // set under the lock in shared mode
};

struct Shared {
    LWLock* lock;            // of entries, tickets and the secrets
    pg_atomic_uint32 keeper; // number of its process + 1; 0: none runs
    ConditionVariable answered;
    std::uint64_t tickets;
    Entry entries[most_entries];
};

// While the module is preloaded.
void initialize_secret_cache();

Shared& shared();

// When a secret of `entry` is asked for anew, and when it ends for good.
TimestampTz fresh_until(const Entry& entry);
TimestampTz usable_until(const Entry& entry);

enum class Found { fresh, stale, failed, waiting, full };

// What a session learns of a reference. Its bytes, a secret or a reason, are wiped with it.
struct Finding {
    Found found = Found::waiting;
    Answer answer{};
    Finding() = default;
    Finding(const Finding&) = delete;
    Finding& operator=(const Finding&) = delete;
    ~Finding();
};

// `waiting` where the keeper is asked now and has not answered; what is known still is then in the answer (length 0:
// nothing).
void look_up(std::string_view reference, Finding& finding);

// Drops what is known of a reference; whether there was something.
bool forget(std::string_view reference);

// Asks for what is known anew, while it may still be used; wakes the keeper. False where nothing is known, or where it
// was fetched or asked for so within the last minute.
bool ask_again(std::string_view reference);

// Whether the keeper has an answer to find.
bool is_asked(std::string_view reference);

// The rest is the keeper's.
struct Errand {
    std::size_t entry;
    std::uint64_t ticket;
    char reference[longest_reference + 1];
};

// What has been asked for longest; false where nothing has.
bool next_errand(Errand& errand);

// Stores an answer, after a failure with the time before which nobody asks again, and wakes who waits.
void settle(const Errand& errand, const Answer& answer, TimestampTz retry_at);

// Wipes what has ended, forgets old failures. ms until there is more to do, at most a minute.
long expire();

// Lets everything be asked for again, after a change of settings.
void forgive();

} // namespace helix::secrets
