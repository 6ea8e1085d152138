// Fuzz target: whatever a client sends to helix-edge, up to the SQL of its call. Bytes mean the same however they are
// cut. Nothing of them but checked names gets into the text of SQL. No answer has a header that they made up.
#include "check.hpp"
#include "edge/proxies.hpp"
#include "edge/refusal.hpp"
#include "edge/request_reader.hpp"
#include "edge/route.hpp"
#include "edge/rpc_answer.hpp"
#include "edge/rpc_call.hpp"
#include "edge/utf8.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>

using namespace helix::edge;

namespace {

constexpr std::size_t body_limit = 1000;

struct Read {
    bool complete = false; // neither refused nor cut short
    Request request;
};

bool is_same(const Read& left, const Read& right) {
    const auto same_header = [](const Header& a, const Header& b) { return a.name == b.name && a.value == b.value; };
    return left.complete == right.complete &&
           (!left.complete || (left.request.method == right.request.method && left.request.path == right.request.path &&
                               left.request.query == right.request.query && left.request.body == right.request.body &&
                               std::ranges::equal(left.request.headers, right.request.headers, same_header)));
}

// As a session does it: pieces come one after the other.
Read read(std::string_view bytes, std::size_t piece) {
    Read result;
    RequestReader reader;
    bool allowed = false;
    try {
        auto state = RequestReader::State::header;
        while (!bytes.empty() && state != RequestReader::State::done) {
            state = reader.feed(bytes.substr(0, piece));
            bytes.remove_prefix(std::min(piece, bytes.size()));
            if (state != RequestReader::State::header && !allowed) {
                allowed = true;
                check(reader.announced_body(body_limit) <= body_limit, "a body may need no more than its limit");
                state = reader.allow_body(body_limit);
            }
        }
        result.complete = state == RequestReader::State::done;
        result.request = reader.request();
    } catch (const Refusal& refusal) {
        check(refusal.status >= 400 && refusal.status < 600, "a refusal has a status");
    }
    return result;
}

const Candidates& candidates() {
    static const auto made = [](Function function) { return std::make_shared<const Function>(std::move(function)); };
    static const Candidates all{
        made({.name = "record", .parameters = {{"p_user_id", "uuid", true}, {"p_cost_usd", "numeric", false}}}),
        made({.name = "record",
              .parameters = {{"p_json", "text", true}},
              .returns = Function::Returns::row,
              .is_set = true}),
        made({.name = "record", .returns = Function::Returns::row, .is_set = true, .only_reads = true}),
        made({.name = "record", .parameters = {{"", "bytea", true}}})};
    return all;
}

// What is left of SQL without its quoted names and literals holds none of what a caller could break out by.
bool is_harmless(std::string_view sql) {
    char quote = 0;
    for (const char c : sql) {
        if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
        } else if (quote == c) {
            quote = 0;
        } else if (quote == 0 && (c == ';' || c == '\\' || c == '/' || static_cast<unsigned char>(c) < ' ')) {
            return false;
        }
    }
    return quote == 0 && sql.find("--") == std::string_view::npos && sql.find('\0') == std::string_view::npos;
}

void call(const Request& request, std::string_view name) {
    const bool is_plain = is_plain_call(request);
    try {
        const RpcCall call = read_call(request, name, candidates());
        check(!is_plain ||
                  (call.form == RpcCall::Form::json && call.shape.is_plain() && !call.wants_one && !call.counts),
              "a plain call asks for nothing else");
        check(is_harmless(call.sql()), "SQL holds checked names alone");
        check(request.method == "POST" || call.read_only, "only POST writes");
        for (const Parameter& parameter : call.parameters) {
            check(parameter.binary || parameter.value.find('\0') == std::string::npos, "a text has no NUL");
        }
    } catch (const Refusal& refusal) {
        check(refusal.status >= 300 && refusal.status < 500, "a refusal is the caller's fault");
        check(!is_plain || (refusal.status != 406 && refusal.status != 415), "nor is it refused for its header");
    }
}

void request(FuzzedDataProvider& data) {
    const auto piece = data.ConsumeIntegralInRange<std::size_t>(1, 50);
    const std::string bytes = data.ConsumeRemainingBytesAsString();
    const Read whole = read(bytes, bytes.size() + 1);
    check(is_same(whole, read(bytes, piece)), "pieces mean what the whole means");
    if (!whole.complete) {
        return;
    }
    check(whole.request.body.size() <= body_limit, "a body keeps its limit");
    const Route route = route_of(whole.request.path, true);
    check(!route.takes("") && !route.takes("ET") && !route.takes(", "), "a method is a whole word");
    if (route.kind == Route::Kind::rpc && route.takes(whole.request.method)) {
        call(whole.request, route.function);
    }
}

void words(FuzzedDataProvider& data) {
    Request request{.method = data.ConsumeBool() ? "POST" : "GET"};
    request.query = data.ConsumeRandomLengthString(200);
    request.headers = {{"content-type", data.PickValueInArray({"application/json", "application/octet-stream",
                                                               "application/x-www-form-urlencoded"})},
                       {"accept", data.ConsumeRandomLengthString(40)}};
    request.body = data.ConsumeRemainingBytesAsString();
    call(request, "record");
}

void headers(FuzzedDataProvider& data) {
    try {
        for (const Header& header : response_headers(data.ConsumeRemainingBytesAsString())) {
            check(header.name.find_first_of("\r\n: ") == std::string::npos && !header.name.empty(), "a name is a name");
            check(header.value.find_first_of("\r\n") == std::string::npos, "a value is one line");
        }
    } catch (const Refusal& refusal) {
        check(refusal.status == 500, "what a function says wrongly is its fault");
    }
}

void texts(FuzzedDataProvider& data) {
    const Proxies proxies({"10.0.0.0/8", "::1"});
    const std::string forwarded = data.ConsumeRandomLengthString(100);
    check(!proxies.client_of("10.0.0.1", forwarded).empty(), "a client has an address");
    check(is_utf8(as_utf8(data.ConsumeRemainingBytesAsString())), "a text becomes UTF-8");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    FuzzedDataProvider data(bytes, size);
    switch (data.ConsumeIntegralInRange<int>(0, 3)) {
    case 0:
        request(data);
        break;
    case 1:
        words(data);
        break;
    case 2:
        headers(data);
        break;
    default:
        texts(data);
    }
    return 0;
}
