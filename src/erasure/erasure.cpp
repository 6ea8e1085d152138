#include "pg/prelude.hpp"

#include "erasure/erasure.hpp"

#include "erasure/erase_some.hpp"
#include "pg/spi.hpp"
#include "worker/worker.hpp"

namespace helix::erasure {

namespace {

int every_second_ms = 1000;

bool erasures_task() {
    pg::OwnerSpi spi;
    const bool more = erase_some() > 0;
    spi.finish();
    return more;
}

} // namespace

void initialize() {
    worker::add_task({"erasures", &every_second_ms, nullptr, erasures_task});
}

} // namespace helix::erasure
