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
inline constexpr const char* data_corrupted = "XX001";
inline constexpr const char* secret_unavailable = "HX003"; // helix's own
} // namespace sqlstate

} // namespace helix
