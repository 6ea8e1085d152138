// Digests a request.
#include "pg/prelude.hpp"

#include "ledger/request_content.hpp"

#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "common/hashfn.h"
#include "utils/fmgrprotos.h"
}

namespace helix::ledger {

namespace {

class Digest {
  public:
    template <typename T>
    void add(const std::optional<T>& value) {
        if constexpr (std::is_same_v<T, std::string_view>) {
            add_bytes(value ? value->data() : nullptr, value ? value->size() : 0, value.has_value());
        } else {
            add_bytes(value ? &*value : nullptr, value ? sizeof(T) : 0, value.has_value());
        }
    }

    // Equal values have one digest, however they are written: 1.0 and 1, or an object's fields in another order.
    void add_hash(PGFunction extended_hash, const std::optional<Datum>& value) {
        std::optional<std::uint64_t> hash;
        if (value) {
            hash = DatumGetUInt64(DirectFunctionCall2(extended_hash, *value, UInt64GetDatum(0)));
        }
        add(hash);
    }

    std::int64_t value() const { return static_cast<std::int64_t>(value_); }

  private:
    void add_bytes(const void* bytes, std::size_t size, bool given) {
        const auto* begin = static_cast<const unsigned char*>(bytes);
        value_ = hash_bytes_extended(begin, static_cast<int>(size), hash_combine64(value_, given ? 1 : 2));
    }

    std::uint64_t value_ = 0;
};

} // namespace

std::int64_t content_of(const Request& request) {
    return pg::call([&request] {
        Digest digest;
        digest.add(request.operation_id);
        digest.add(request.success);
        digest.add_hash(hash_numeric_extended, request.cost_usd);
        for (const auto& text : {request.model_used, request.model, request.service_tier}) {
            digest.add(text);
        }
        for (const auto& count : {request.input_tokens, request.cached_input_tokens, request.output_tokens}) {
            digest.add(count);
        }
        digest.add_hash(jsonb_hash_extended, request.usage);
        digest.add(request.date);
        digest.add(request.occurred_at);
        return digest.value();
    });
}

} // namespace helix::ledger
