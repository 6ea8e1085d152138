// JSON text flattened to the fields of usage, for the tests and the fuzz target.
#pragma once

#include "core/ledger/usage/fields.hpp"
#include "core/ledger/usage/flattening.hpp"

#include <jansson.h>

#include <cstdio>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace helix {

class FlatJson {
  public:
    enum class Way { all, worthwhile };

    // Not an object: no fields, and not valid().
    explicit FlatJson(std::string_view text, Way way = Way::all) : way_(way) {
        json_error_t error;
        const std::unique_ptr<json_t, decltype(&json_decref)> root(json_loadb(text.data(), text.size(), 0, &error),
                                                                   json_decref);
        valid_ = root && json_is_object(root.get());
        if (valid_) {
            walk(root.get(), "");
        }
    }

    bool valid() const { return valid_; }
    std::span<const usage::Field> fields() const { return fields_; }

  private:
    void walk(const json_t* value, const std::string& path) {
        const auto below = [&path](const std::string& step) { return path.empty() ? step : path + "." + step; };
        if (way_ == Way::worthwhile && !path.empty() && !json_is_object(value) && !json_is_array(value) &&
            !usage::may_be_usage(path)) {
            return;
        }
        if (way_ == Way::worthwhile && !path.empty() && (json_is_object(value) || json_is_array(value)) &&
            !usage::may_hold_usage(path)) {
            return;
        }
        if (json_is_object(value)) {
            void* at = json_object_iter(const_cast<json_t*>(value));
            for (; at != nullptr; at = json_object_iter_next(const_cast<json_t*>(value), at)) {
                walk(json_object_iter_value(at), below({json_object_iter_key(at), json_object_iter_key_len(at)}));
            }
        } else if (json_is_array(value)) {
            for (std::size_t i = 0; i < json_array_size(value); ++i) {
                walk(json_array_get(value, i), below(std::to_string(i)));
            }
        } else {
            add(value, path);
        }
    }

    void add(const json_t* value, const std::string& path) {
        using usage::FieldKind;
        if (json_is_string(value)) {
            keep(path, FieldKind::string, {json_string_value(value), json_string_length(value)});
        } else if (json_is_integer(value)) {
            keep(path, FieldKind::number, std::to_string(json_integer_value(value)));
        } else if (json_is_real(value)) {
            keep(path, FieldKind::number, decimal(json_real_value(value)));
        } else if (json_is_boolean(value)) {
            keep(path, FieldKind::boolean, json_is_true(value) ? "true" : "false");
        } else {
            keep(path, FieldKind::null, "");
        }
    }

    // Without an exponent, as the server writes numbers.
    static std::string decimal(double number) {
        char text[400];
        std::snprintf(text, sizeof text, "%.15f", number);
        std::string digits(text);
        digits.erase(digits.find_last_not_of('0') + 1);
        return digits.back() == '.' ? digits + "0" : digits;
    }

    void keep(const std::string& path, usage::FieldKind kind, std::string text) {
        texts_.push_back(path);
        const std::string_view name = texts_.back();
        texts_.push_back(std::move(text));
        fields_.push_back({name, kind, texts_.back()});
    }

    Way way_;
    bool valid_ = false;
    std::deque<std::string> texts_;
    std::vector<usage::Field> fields_;
};

} // namespace helix
