// Owns: helix_edge_local, the role that the server's own helix-edge signs in as, and its password, which is new at each
// start. Used within worker/ only, by the launcher.
#pragma once

#include "pg/prelude.hpp"

struct BackgroundWorkerHandle;

namespace helix::worker {

inline constexpr const char* edge_role = "helix_edge_local";

// A password in memory that is wiped. Only the launcher and its helix-edge ever know it.
struct EdgePassword {
    char digits[65]; // hexadecimal, and a zero
    void wipe() { explicit_bzero(digits, sizeof(digits)); }
};

// Makes a new password, and starts a process that gives it to the role in helix.edge_database, as a SCRAM verifier.
// Null where no process could be had.
BackgroundWorkerHandle* start_edge_role(EdgePassword& password);

// What that process has done, once it has ended.
enum class EdgeRole { ready, no_extension, failed };
EdgeRole edge_role_outcome();

} // namespace helix::worker
