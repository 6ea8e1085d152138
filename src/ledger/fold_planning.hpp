// Owns: how the statements that fold are planned. Used within ledger/ only; callers are within an OwnerSpi.
#pragma once

namespace helix::ledger {

// Until the nesting level ends that it returns (AtEOXact_GUC()), what is planned is planned for its very values and
// reads ranges of transaction ids by BRIN, whatever the statistics say: the ledger grows so fast that they are always
// of a smaller one, where a sequential scan was as good, and a saved plan would go on reading all of the month.
int plan_by_range();

} // namespace helix::ledger
