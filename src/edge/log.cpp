// Log lines in the form of logfmt.
#include "edge/log.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <unistd.h>

namespace helix::edge {

namespace {

constexpr std::size_t enough = std::size_t{16} << 10;

std::string& kept_back() {
    static std::string lines;
    return lines;
}

std::string time_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now).count() % 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[40];
    const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(milliseconds));
    return text;
}

} // namespace

void log_request(const LogLine& line) {
    char numbers[80];
    std::snprintf(numbers, sizeof numbers, " status=%d ms=%.3f bytes=%zu", line.status, line.milliseconds, line.bytes);
    std::string& lines = kept_back();
    lines.append("time=").append(time_now()).append(" method=").append(line.method);
    lines.append(" route=").append(line.route).append(numbers).append(" request=").append(line.request_id);
    if (!line.traceparent.empty()) {
        lines.append(" traceparent=").append(line.traceparent);
    }
    lines += '\n';
    if (lines.size() >= enough) {
        flush_log();
    }
}

void log_event(std::string_view text) {
    std::string line = "helix-edge: ";
    for (const char c : text) {
        line += c == '\n' ? ' ' : c;
    }
    while (line.ends_with(' ')) {
        line.pop_back();
    }
    kept_back().append(line) += '\n';
    flush_log();
}

// A reader that is gone, or a full disk, must not end the program.
void flush_log() {
    std::string& lines = kept_back();
    std::string_view rest = lines;
    while (!rest.empty()) {
        const ssize_t written = write(STDERR_FILENO, rest.data(), rest.size());
        if (written <= 0) {
            break;
        }
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    lines.clear();
}

} // namespace helix::edge
