// Owns: starting the program helix-edge as an ordinary process. Used within worker/ only, by the launcher.
#pragma once

#include "worker/edge_role.hpp"

#include <sys/types.h>

namespace helix::worker {

struct EdgeChild {
    pid_t pid; // 0: it could not be started
    int pipe;  // its end tells the child that the launcher is gone
    int error; // errno, where it could not be started
};

// The program's path, in the current memory context.
const char* edge_program_path();

// Starts the program, and hands over where to listen, how to reach the database, and the password. What the server has
// open, its signals, its environment and its protection from the OOM killer are not handed over.
EdgeChild start_edge_child(const EdgePassword& password);

} // namespace helix::worker
