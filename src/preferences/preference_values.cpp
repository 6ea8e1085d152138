// Which values preferences may have: words, models, colors, parameters and budgets.
#include "pg/prelude.hpp"

#include "preferences/preference_values.hpp"

#include "operations/operations.hpp"
#include "operations/prices.hpp"
#include "pg/bounds.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

namespace helix::preferences {

namespace {

constexpr int longest_model = 200;

// The words of a column, as the table's checks have them.
struct Words {
    std::string_view column;
    std::array<std::string_view, 4> words;
    const char* hint;
};

constexpr Words words_of[] = {
    {"color_scheme", {"light", "dark", "auto"}, "Say light, dark or auto."},
    {"email_list_view", {"grid", "list", "compact"}, "Say grid, list or compact."},
    {"calendar_view", {"month", "week", "day", "agenda"}, "Say month, week, day or agenda."},
    {"tasks_sort_by",
     {"priority", "due_date", "created_at", "alphabetical"},
     "Say priority, due_date, created_at or alphabetical."},
};
constexpr const char* columns[] = {"color_scheme", "email_list_view", "calendar_view", "tasks_sort_by", "accent_color"};

bool is_color(std::string_view text) {
    return text.size() == 7 && text[0] == '#' &&
           text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string_view::npos;
}

// Null where the column may have the word.
const char* objection(std::string_view column, std::string_view word) {
    for (const auto& known : words_of) {
        if (known.column == column) {
            const bool found = std::find(known.words.begin(), known.words.end(), word) != known.words.end();
            return found && !word.empty() ? nullptr : known.hint;
        }
    }
    return is_color(word) ? nullptr : "Say #RRGGBB, in hexadecimal digits.";
}

std::string it_is(std::string_view value) {
    return "It is \"" + std::string(value) + "\".";
}

} // namespace

void check_operation(Datum operation_id) {
    operations::check_operation(pg::text_view(operation_id));
}

void check_model(Datum model) {
    pg::check_text("preferred_model", model, longest_model);
    const auto name = pg::text_view(model);
    const PriceList& prices = operations::prices();
    if (!prices.has_model(name) && !prices.has_provider(name)) {
        throw Error(sqlstate::undefined_object, "unknown preferred_model", it_is(name),
                    "Use a provider or a model of helix.model_prices, or null for none.");
    }
}

void check_parameters(Datum parameters) {
    pg::check_object("default_parameters", parameters);
}

void check_budget(Datum numeric) {
    pg::check_amount("cost_budget_monthly", numeric, "null for no limit");
}

std::span<const char* const> theme_words() {
    return columns;
}

void check_theme_word(const char* column, std::string_view word) {
    const char* hint = objection(column, word);
    if (hint != nullptr) {
        throw Error(sqlstate::invalid_parameter_value, std::string("unknown ") + column, it_is(word), hint);
    }
}

HELIX_FUNCTION(helix_known_operation) {
    if (PG_ARGISNULL(0)) {
        throw null_value("p_operation_id", "Pass one of helix.operations.");
    }
    check_operation(PG_GETARG_DATUM(0));
    PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

} // namespace helix::preferences
