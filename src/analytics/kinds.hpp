// Owns: the kinds of recommendations, each a statement with the user as $1. It stores what it finds, and removes what
// it no longer finds. Used within analytics/ only; callers are within an OwnerSpi.
#pragma once

#include "pg/spi.hpp"

namespace helix::analytics {

extern pg::Statement cheaper_model;
extern pg::Statement faster_model; // leaves out what cheaper_model has said, so it comes later
extern pg::Statement failures;
extern pg::Statement retries;
extern pg::Statement caching;
extern pg::Statement batch_tier;
extern pg::Statement budget;
extern pg::Statement retirement;

} // namespace helix::analytics
