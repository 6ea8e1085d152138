// Owns: taking helix's jobs along when the extension goes. Used within schedules/ only.
#pragma once

namespace helix::schedules {

void initialize_drop_extension();

} // namespace helix::schedules
