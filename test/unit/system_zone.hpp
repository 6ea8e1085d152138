// Time zones as the C library reads them from the package tzdata: for tests that need zones without PostgreSQL.
#pragma once

#include "core/schedules/cron.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>

namespace helix {

// Sets the process's zone for as long as it lives.
class SystemZone {
  public:
    explicit SystemZone(const std::string& name) {
        EXPECT_TRUE(std::filesystem::exists("/usr/share/zoneinfo/" + name)) << name << ": is tzdata installed?";
        set(name.c_str());
    }
    ~SystemZone() { set(nullptr); }
    SystemZone(const SystemZone&) = delete;
    SystemZone& operator=(const SystemZone&) = delete;

    static int offset(UnixTime time) { return static_cast<int>(fields_of(time).tm_gmtoff); }

    // As in "2024-03-10 03:00 -0400".
    static std::string written(UnixTime time) {
        char text[64];
        const auto fields = fields_of(time);
        return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M %z", &fields)};
    }

    static UnixTime read(const std::string& text) {
        std::tm fields{};
        EXPECT_NE(strptime(text.c_str(), "%Y-%m-%d %H:%M %z", &fields), nullptr) << text;
        const auto ahead = fields.tm_gmtoff;
        return timegm(&fields) - ahead;
    }

  private:
    static std::tm fields_of(UnixTime time) {
        std::tm fields{};
        localtime_r(&time, &fields);
        return fields;
    }

    static void set(const char* name) {
        name != nullptr ? setenv("TZ", name, 1) : unsetenv("TZ");
        tzset();
    }
};

} // namespace helix
