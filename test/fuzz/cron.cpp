// Fuzz target: cron expressions of any text, and when they run by clocks that change. Half of the inputs choose fields
// that are well-formed, so that the times are compared with those of the reference.
#include "core/schedules/cron.hpp"
#include "check.hpp"
#include "core/error.hpp"
#include "cron_reference.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>

using namespace helix;

namespace {

constexpr UnixTime day_s = 86'400;
constexpr UnixTime window = 8 * day_s;

// A zone that changes its offset twice, at whole minutes, more than two days apart and by at most a day.
struct Clock {
    UnixTime begin;
    UnixTime first;
    UnixTime second;
    int offsets[3];

    explicit Clock(FuzzedDataProvider& data) {
        begin = 60 * data.ConsumeIntegralInRange<UnixTime>(-4'000'000'000, 4'000'000'000); // from 5636 BC to 9575 AD
        first = begin + 60 * data.ConsumeIntegralInRange<UnixTime>(1'440, 3 * 1'440);
        second = first + 60 * data.ConsumeIntegralInRange<UnixTime>(2 * 1'440 + 1, 4 * 1'440);
        int ahead = 60 * data.ConsumeIntegralInRange(-720, 840);
        for (int& offset : offsets) {
            offset = ahead;
            const int by = data.ConsumeBool() ? 60 : 1'440;
            ahead += 60 * data.ConsumeIntegralInRange(-by, by);
        }
    }

    int operator()(UnixTime time) const { return offsets[time < first ? 0 : time < second ? 1 : 2]; }
};

std::string well_formed_field(FuzzedDataProvider& data, int low, int high) {
    std::string field;
    do {
        const int one = data.ConsumeIntegralInRange(low, high);
        const int other = data.ConsumeIntegralInRange(low, high);
        const auto [first, last] = std::minmax(one, other); // a range that goes down is refused
        const int kind = data.ConsumeIntegralInRange(0, 3);
        field += (field.empty() ? "" : ",") + (kind == 0 ? "*" : std::to_string(first)) +
                 (kind == 1 ? "-" + std::to_string(last) : "") +
                 (kind < 2 && data.ConsumeBool() ? "/" + std::to_string(data.ConsumeIntegralInRange(1, 70)) : "");
    } while (data.ConsumeIntegralInRange(0, 3) == 0 && data.remaining_bytes() > 0);
    return field;
}

std::string well_formed(FuzzedDataProvider& data) {
    const auto minute = well_formed_field(data, 0, 59);
    const auto hour = well_formed_field(data, 0, 23);
    const auto day = data.ConsumeIntegralInRange(0, 7) == 0 ? "$" : well_formed_field(data, 1, 31);
    const auto month = data.ConsumeBool() ? "*" : well_formed_field(data, 1, 12);
    return minute + " " + hour + " " + day + " " + month + " " + well_formed_field(data, 0, 7);
}

void compare(const std::string& expression, const CronExpression& cron, const Clock& clock, UnixTime after) {
    const auto runs = CronReference(expression).runs(clock.begin, clock.begin + window, clock);
    auto run = std::upper_bound(runs.begin(), runs.end(), after);
    for (int i = 0; i < 50; ++i, ++run) {
        const auto next = cron.next(after, clock);
        if (run == runs.end()) {
            check(!next || *next > clock.begin + window, "a time that the reference does not know");
            return;
        }
        check(next && *next == *run, "another time than the reference's");
        after = *next;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    FuzzedDataProvider data(bytes, size);
    const bool plain = data.ConsumeBool();
    const Clock clock(data);
    const UnixTime after = clock.begin + data.ConsumeIntegralInRange<UnixTime>(0, window);
    const auto text = plain ? well_formed(data) : data.ConsumeRemainingBytesAsString();
    try {
        const CronExpression cron(text);
        const auto next = cron.next(after, clock);
        check(!next || *next > after, "not after");
        check(!next || cron.interval_seconds() || (*next + clock(*next)) % 60 == 0, "within a minute");
        check(!cron.interval_seconds() || *next == after + *cron.interval_seconds(), "another interval");
        if (plain) {
            compare(text, cron, clock, after);
        }
    } catch (const Error& error) {
        check(std::string_view(error.sqlstate) == "22023" && !error.detail.empty() && !error.hint.empty(), "no reason");
        check(!plain, "a well-formed expression is refused");
    }
    return 0;
}
