// Owns: the protocol of a commit that makes cached values stale: reserve before it becomes visible, report after that.
// Used within cache/ only. test/model checks it.
#pragma once

namespace helix::cache {

// Registers the transaction callbacks; called once, by initialize().
void initialize_commit();

// Makes everything stale when the transaction commits, and reserves for that now. For a command that makes something
// visible before its transaction commits.
void reserve_everything();

} // namespace helix::cache
