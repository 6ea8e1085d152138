// Owns: the one exception type of the pure core. Anyone may throw it; pg/guard.cpp turns it into a PostgreSQL error.
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace helix {

// A refusal with everything a PostgreSQL error carries. `sqlstate` is a five-character literal.
class Error : public std::exception {
  public:
    Error(const char* sqlstate_, std::string message_, std::string detail_ = {}, std::string hint_ = {})
        : sqlstate(sqlstate_), message(std::move(message_)), detail(std::move(detail_)), hint(std::move(hint_)) {}

    const char* what() const noexcept override { return message.c_str(); }

    const char* sqlstate;
    std::string message;
    std::string detail;
    std::string hint;
};

// SQLSTATEs that core and the features raise (PostgreSQL manual, appendix A).
namespace sqlstate {
inline constexpr const char* invalid_parameter_value = "22023";
inline constexpr const char* null_value_not_allowed = "22004";
inline constexpr const char* numeric_value_out_of_range = "22003";
inline constexpr const char* string_data_right_truncation = "22001";
inline constexpr const char* invalid_text_representation = "22P02";
inline constexpr const char* datetime_field_overflow = "22008";
inline constexpr const char* undefined_object = "42704";
inline constexpr const char* insufficient_privilege = "42501";
inline constexpr const char* invalid_authorization = "28000";
inline constexpr const char* object_not_in_prerequisite_state = "55000";
inline constexpr const char* program_limit_exceeded = "54000";
inline constexpr const char* data_corrupted = "XX001";
inline constexpr const char* undefined_column = "42703";
inline constexpr const char* generated_always = "428C9";
inline constexpr const char* feature_not_supported = "0A000";
inline constexpr const char* read_only_sql_transaction = "25006";
inline constexpr const char* out_of_memory = "53200";
inline constexpr const char* internal_error = "XX000";
// helix's own
inline constexpr const char* budget_exceeded = "HX001";
inline constexpr const char* already_running = "HX002";
inline constexpr const char* secret_unavailable = "HX003";
} // namespace sqlstate

// An argument or a field that must be given is null.
inline Error null_value(const std::string& name, std::string hint = {}) {
    return {sqlstate::null_value_not_allowed, name + " must not be null", {}, std::move(hint)};
}

} // namespace helix
