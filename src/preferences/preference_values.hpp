// Owns: which values a preference may have. Used within preferences/ only. All throw Error with the offending value and
// a hint.
#pragma once

#include "pg/prelude.hpp"

namespace helix::preferences {

// 42704 where helix.operations does not have it.
void check_operation(Datum operation_id);

// 42704 where it is neither a provider nor a model of helix.model_prices; 22001 where it is too long.
void check_model(Datum model);

// 22023 where the jsonb is not an object, or too large.
void check_parameters(Datum parameters);

// 22003 where pg::check_amount() refuses it.
void check_budget(Datum numeric);

// The columns of helix.ui_theme_preferences that hold words or colors, and 22023 on one that they cannot have.
std::span<const char* const> theme_words();
void check_theme_word(const char* column, std::string_view word);

} // namespace helix::preferences
