// Owns: how the statements that fold are planned. Used within ledger/ only; callers are within an OwnerSpi.
#pragma once

namespace helix::ledger {

// Plans for the very values of a statement, and reads ranges of transaction ids by BRIN, whatever the statistics say.
// The ledger grows so fast that its statistics are always those of a smaller one, where a sequential scan was as good.
// A saved plan would then read the whole month for ever. Gives such a statement memory for a backlog, too. It holds
// until the nesting level ends that it returns (AtEOXact_GUC()).
int plan_by_range();

} // namespace helix::ledger
