// Owns: forgetting old events of webhooks. Only webhooks.cpp calls it.
#pragma once

namespace helix::webhooks {

// A task of the worker; whether there is more to do.
bool event_retention_task();

} // namespace helix::webhooks
