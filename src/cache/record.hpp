// Owns: the form of a commit's record in the ring: who reserved it, and what it makes stale. Used within cache/ only.
#pragma once

#include "core/cache/invalidations.hpp"

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace helix::cache {

struct RecordHead {
    int process;
    std::uint64_t number;     // of the reservation
    std::int64_t reserved_at; // TimestampTz
    bool everything = false;
};

inline void write_record(std::vector<char>& record, RecordHead head, const Invalidations& set) {
    head.everything = set.is_everything();
    const auto bytes = set.bytes();
    record.resize(sizeof(head) + bytes.size());
    std::memcpy(record.data(), &head, sizeof(head));
    std::memcpy(record.data() + sizeof(head), bytes.data(), bytes.size());
}

inline RecordHead read_head(std::span<const char> record) {
    RecordHead head{};
    std::memcpy(&head, record.data(), sizeof(head));
    return head;
}

inline std::span<const char> read_set(std::span<const char> record) {
    return record.subspan(sizeof(RecordHead));
}

} // namespace helix::cache
