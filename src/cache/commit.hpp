// Owns: the protocol of a commit that makes cached values stale: reserve before it becomes visible, report after.
// Used within cache/ only. Checked as a model in test/model.
#pragma once

namespace helix::cache {

// Registers the transaction callbacks; called once, by initialize().
void initialize_commit();

// Reserves now what makes everything stale when the transaction commits, for a command that makes something visible
// before that.
void reserve_everything();

} // namespace helix::cache
