// Flattens jsonb to fields with paths.
#include "pg/prelude.hpp"

#include "ledger/flat_json.hpp"

#include "core/ledger/usage/flattening.hpp"

#include <cstring>

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

constexpr int most_levels = 16;

class Flattener {
  public:
    Flattener(const char* name, Flatten what) : name_(name), what_(what) {}

    void object(std::string_view path, JsonbContainer* container, int level) {
        check_level(level);
        JsonbIterator* iterator = JsonbIteratorInit(container);
        JsonbValue value;
        JsonbIteratorNext(&iterator, &value, false); // its beginning
        while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY) {
            const auto place = step(path, {value.val.string.val, static_cast<std::size_t>(value.val.string.len)});
            JsonbIteratorNext(&iterator, &value, true);
            member(place, value, level);
        }
    }

    FlatJson result() const { return flat_; }

  private:
    void check_level(int level) const {
        if (level > most_levels) {
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s is nested too deeply", name_),
                            errdetail("At most %d levels are read.", most_levels)));
        }
    }

    void array(std::string_view path, JsonbContainer* container, int level) {
        check_level(level);
        JsonbIterator* iterator = JsonbIteratorInit(container);
        JsonbValue value;
        JsonbIteratorNext(&iterator, &value, false);
        for (int i = 0; JsonbIteratorNext(&iterator, &value, true) == WJB_ELEM; ++i) {
            member(step(path, psprintf("%d", i)), value, level);
        }
    }

    // The path of a member; of the object itself its name, without a copy.
    static std::string_view step(std::string_view path, std::string_view name) {
        if (path.empty()) {
            return name;
        }
        char* const place = static_cast<char*>(palloc(path.size() + 1 + name.size()));
        memcpy(place, path.data(), path.size());
        place[path.size()] = '.';
        memcpy(place + path.size() + 1, name.data(), name.size());
        return {place, path.size() + 1 + name.size()};
    }

    void member(std::string_view path, const JsonbValue& value, int level) {
        const bool all = what_ == Flatten::everything;
        if (value.type != jbvBinary) {
            if (all || usage::may_be_usage(path)) {
                scalar(path, value);
            }
        } else if (all || usage::may_hold_usage(path)) {
            JsonbContainer* inner = value.val.binary.data;
            JsonContainerIsArray(inner) ? array(path, inner, level + 1) : object(path, inner, level + 1);
        }
    }

    void scalar(std::string_view path, const JsonbValue& value) {
        if (flat_.count == static_cast<int>(usage::max_fields)) {
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s has too many fields", name_),
                            errdetail("At most %d are read.", static_cast<int>(usage::max_fields)),
                            errhint("Pass the usage object itself.")));
        }
        if (flat_.count == room_) {
            grow();
        }
        flat_.values[flat_.count] = value;
        flat_.fields[flat_.count++] = {path, kind_of(value), text_of(value)};
    }

    // A usage object has some 10 fields, and a bulk call a thousand such objects.
    void grow() {
        constexpr int first_room = 24;
        if (room_ == 0) {
            room_ = first_room;
            flat_.fields = static_cast<usage::Field*>(palloc(sizeof(usage::Field) * room_));
            flat_.values = static_cast<JsonbValue*>(palloc(sizeof(JsonbValue) * room_));
        } else {
            room_ *= 2;
            flat_.fields = static_cast<usage::Field*>(repalloc(flat_.fields, sizeof(usage::Field) * room_));
            flat_.values = static_cast<JsonbValue*>(repalloc(flat_.values, sizeof(JsonbValue) * room_));
        }
    }

    static usage::FieldKind kind_of(const JsonbValue& value) {
        switch (value.type) {
        case jbvNumeric:
            return usage::FieldKind::number;
        case jbvString:
            return usage::FieldKind::string;
        case jbvBool:
            return usage::FieldKind::boolean;
        default:
            return usage::FieldKind::null;
        }
    }

    static std::string_view text_of(const JsonbValue& value) {
        switch (value.type) {
        case jbvNumeric:
            return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
        case jbvString:
            return {value.val.string.val, static_cast<std::size_t>(value.val.string.len)};
        case jbvBool:
            return value.val.boolean ? "true" : "false";
        default:
            return {};
        }
    }

    const char* name_;
    Flatten what_;
    FlatJson flat_{};
    int room_ = 0;
};

} // namespace

FlatJson flatten(const char* name, Datum jsonb, Flatten what) {
    JsonbContainer* root = &DatumGetJsonbP(jsonb)->root;
    if (!JsonContainerIsObject(root)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be a JSON object", name),
                        errhint("Pass the object as the provider sent it.")));
    }
    Flattener flattener(name, what);
    flattener.object({}, root, 1);
    return flattener.result();
}

} // namespace helix::ledger
