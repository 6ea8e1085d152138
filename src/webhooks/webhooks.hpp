// Owns: what webhooks need of the server's start: rate limits and retention. Only helix.cpp calls it.
#pragma once

namespace helix::webhooks {

void initialize();

} // namespace helix::webhooks
