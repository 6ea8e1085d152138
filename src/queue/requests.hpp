// Owns: request ids of enqueue_execution(): which execution each of them stands for. Used within queue/ only. Callers
// are within an OwnerSpi. Raises PostgreSQL errors.
#pragma once

#include "queue/enqueue.hpp"

namespace helix::queue {

// The execution that the request id stands for; none where `id` has it now. It is free again once its execution has
// failed or was skipped. 23505 where it stands for an execution of something else.
std::optional<pg_uuid_t> note_request(const NewExecution& execution, const pg_uuid_t& id);

} // namespace helix::queue
