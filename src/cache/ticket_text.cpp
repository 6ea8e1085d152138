#include "pg/prelude.hpp"

#include "cache/ticket_text.hpp"

#include "core/cache/cache_key.hpp"
#include "core/error.hpp"
#include "core/uuid.hpp"

#include <algorithm>

namespace helix::cache {

namespace {

constexpr std::string_view no_ticket = "none";
constexpr char separator = '.';

} // namespace

std::string ticket_text(const std::optional<Ticket>& ticket) {
    std::string text;
    for (const auto& part : ticket.value_or(Ticket{std::string(no_ticket)})) {
        text += (text.empty() ? "" : std::string(1, separator)) + part;
    }
    return text;
}

std::optional<Ticket> ticket_from_text(std::string_view text, std::string_view key) {
    if (text == no_ticket) {
        return std::nullopt;
    }
    Ticket ticket;
    for (std::string_view rest = text;;) {
        const auto end = std::min(rest.find(separator), rest.size());
        ticket.emplace_back(rest.substr(0, end));
        if (end == rest.size()) {
            break;
        }
        rest.remove_prefix(end + 1);
    }
    const bool are_uuids =
        std::all_of(ticket.begin(), ticket.end(), [](const auto& part) { return parse_uuid(part).has_value(); });
    if (!are_uuids || ticket.size() != ticket_size(key)) {
        constexpr std::size_t longest = 200;
        throw Error(sqlstate::invalid_parameter_value, "p_token is no token of this key",
                    "It is \"" + std::string(text.substr(0, longest)) + "\", and the key is \"" + std::string(key) +
                        "\".",
                    "Pass what helix.cache_get_with_token() returned for the key.");
    }
    return ticket;
}

} // namespace helix::cache
