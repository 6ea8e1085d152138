// Owns: which executions the executors run at this moment, in shared memory, and the interruption of a handler whose
// execution somebody else ends. Used within queue/ only. Raises PostgreSQL errors.
//
// Nothing is interrupted by mistake: each job of an executor has a number, and the executor compares it with the
// number of the job that was ended. An end that a prepared transaction holds does not interrupt.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

void initialize_running_handlers();

// The executors' side. An executor calls this once, before anything else of here.
void register_executor();

// Call the first in the transaction that claims the execution: it is visible as running only afterwards.
void begin_job(const pg_uuid_t& execution);
void end_job();

// Between the two calls a cancel, a time-out or the end of the execution interrupts this process, and at no other
// time. Raises at once where the execution has ended already.
void begin_interruptible();
void end_interruptible() noexcept;

// Whether somebody else has ended the job's execution.
bool was_ended();

// The other side: a running execution leaves the queue. Where an executor runs it, its handler is interrupted once this
// transaction commits.
void interrupt_handler_of(const pg_uuid_t& execution);

} // namespace helix::queue
