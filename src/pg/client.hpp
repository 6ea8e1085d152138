// Owns: asking about the client of this session. Any feature may use it.
#pragma once

namespace helix::pg {

// Ends the session, as the server does, where its client has closed the connection. Background processes have none.
// Where the system can't tell (other than Linux, macOS and the BSDs), every client counts as connected.
void check_client_connection();

} // namespace helix::pg
