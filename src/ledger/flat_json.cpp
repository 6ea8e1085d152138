// Flattens jsonb to fields with paths.
#include "pg/prelude.hpp"

#include "ledger/flat_json.hpp"

#include "core/ledger/usage/flattening.hpp"

extern "C" {
#include "lib/stringinfo.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

constexpr int most_levels = 16;

class Flattener {
  public:
    Flattener(const char* name, Flatten what) : name_(name), what_(what) {
        initStringInfo(&path_);
        flat_.fields = static_cast<usage::Field*>(palloc(sizeof(usage::Field) * usage::max_fields));
        flat_.values = static_cast<Datum*>(palloc(sizeof(Datum) * usage::max_fields));
    }

    void object(JsonbContainer* container, int level) {
        check_level(level);
        JsonbIterator* iterator = JsonbIteratorInit(container);
        JsonbValue value;
        JsonbIteratorNext(&iterator, &value, false); // its beginning
        const int outside = path_.len;
        while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY) {
            step(outside, value.val.string.val, value.val.string.len);
            JsonbIteratorNext(&iterator, &value, true);
            member(value, level);
        }
        back_to(outside);
    }

    FlatJson result() const { return flat_; }

  private:
    void check_level(int level) const {
        if (level > most_levels) {
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s is nested too deeply", name_),
                            errdetail("At most %d levels are read.", most_levels)));
        }
    }

    void array(JsonbContainer* container, int level) {
        check_level(level);
        JsonbIterator* iterator = JsonbIteratorInit(container);
        JsonbValue value;
        JsonbIteratorNext(&iterator, &value, false);
        const int outside = path_.len;
        for (int i = 0; JsonbIteratorNext(&iterator, &value, true) == WJB_ELEM; ++i) {
            const char* number = psprintf("%d", i);
            step(outside, number, static_cast<int>(strlen(number)));
            member(value, level);
        }
        back_to(outside);
    }

    void step(int outside, const char* name, int length) {
        back_to(outside);
        if (outside > 0) {
            appendStringInfoChar(&path_, '.');
        }
        appendBinaryStringInfo(&path_, name, length);
    }

    void back_to(int length) {
        path_.len = length;
        path_.data[length] = '\0';
    }

    std::string_view path() const { return {path_.data, static_cast<std::size_t>(path_.len)}; }

    void member(const JsonbValue& value, int level) {
        const bool all = what_ == Flatten::everything;
        if (value.type != jbvBinary) {
            if (all || usage::may_be_usage(path())) {
                scalar(value);
            }
        } else if (all || usage::may_hold_usage(path())) {
            JsonbContainer* inner = value.val.binary.data;
            JsonContainerIsArray(inner) ? array(inner, level + 1) : object(inner, level + 1);
        }
    }

    void scalar(const JsonbValue& value) {
        if (flat_.count == static_cast<int>(usage::max_fields)) {
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s has too many fields", name_),
                            errdetail("At most %d are read.", static_cast<int>(usage::max_fields)),
                            errhint("Pass the usage object itself.")));
        }
        JsonbValue copy = value;
        flat_.values[flat_.count] = JsonbPGetDatum(JsonbValueToJsonb(&copy));
        flat_.fields[flat_.count++] = {kept(path()), kind_of(value), text_of(value)};
    }

    static std::string_view kept(std::string_view text) { return {pnstrdup(text.data(), text.size()), text.size()}; }

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
    StringInfoData path_{};
    FlatJson flat_{};
};

} // namespace

FlatJson flatten(const char* name, Datum jsonb, Flatten what) {
    JsonbContainer* root = &DatumGetJsonbP(jsonb)->root;
    if (!JsonContainerIsObject(root)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be a JSON object", name),
                        errhint("Pass the object as the provider sent it.")));
    }
    Flattener flattener(name, what);
    flattener.object(root, 1);
    return flattener.result();
}

} // namespace helix::ledger
