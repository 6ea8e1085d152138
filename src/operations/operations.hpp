// Owns: each backend's copy of helix.operations. Any feature may read it; it follows every committed change.
#pragma once

#include "core/error.hpp"

#include <string>
#include <string_view>

namespace helix::operations {

// Registers for invalidations; called once, by _PG_init.
void initialize();

// Each reads the table first where it has changed, and may raise PostgreSQL errors then.
bool has_operation(std::string_view operation_id);
bool has_handler(std::string_view operation_id);

// Throws Error 42704 where there is no such operation.
void check_operation(std::string_view operation_id);

// That error. `place` says where the operation was named ("Operation 3 is").
Error unknown_operation(std::string_view operation_id, const std::string& place = "It is");

// Raises 42501 where the operation has a handler and `role` is a superuser: handlers never run as one.
void refuse_superuser(std::string_view operation_id, const char* role);

} // namespace helix::operations
