// A call in one transaction: its settings, then the function.
#include "edge/rpc.hpp"

#include "edge/call_settings.hpp"
#include "edge/error_answer.hpp"
#include "edge/refusal.hpp"
#include "edge/rpc_answer.hpp"

#include <array>

namespace helix::edge {

namespace {

// The catalog may be older than the server's: no such function, or another signature.
bool is_of_old_catalog(const ServerError& error) {
    return error.sqlstate == "42883" || error.sqlstate == "42725" || error.sqlstate == "42704";
}

// Of a call for exactly one row that has others: their number; empty for any other error.
std::string_view other_rows(const ServerError& error) {
    const auto place = error.message.find(rows_are);
    if (error.sqlstate != "42704" || place == std::string::npos) {
        return {};
    }
    const auto number = std::string_view(error.message).substr(place + rows_are.size());
    return number.substr(0, number.find_first_not_of("0123456789"));
}

} // namespace

asio::awaitable<Response> Rpc::answer(const Request& request, std::string_view function) {
    auto caller = callers_.known_caller_of(request); // a coroutine less for nearly all
    if (caller == nullptr) {
        caller = co_await callers_.caller_of(request);
    }
    if (Recordings::takes(*caller, request, function)) {
        if (auto answered = co_await recordings_.answer(caller, request)) {
            co_return std::move(*answered);
        }
    }
    const RpcCall call = read_call(request, function, co_await catalog_.functions(function));
    co_return co_await run(request, *caller, call);
}

asio::awaitable<Response> Rpc::run(const Request& request, const Caller& caller, const RpcCall& call) {
    const std::string sql = call.sql();
    const std::array statements{call_settings(caller, {.method = request.method,
                                                       .path = "/rpc/" + call.function->name,
                                                       .headers = headers_as_json(request),
                                                       .read_only = call.read_only}),
                                call.statement(sql)};
    const Outcome outcome = co_await database_.run(statements, request.method == "GET" || request.method == "HEAD");
    if (outcome.error) {
        if (const auto number = other_rows(*outcome.error); !number.empty()) {
            throw Refusal(406, "PGRST116", "Cannot coerce the result to a single JSON object",
                          "The result contains " + std::string(number) + " rows");
        }
        if (is_of_old_catalog(*outcome.error)) {
            catalog_.doubt();
        }
        co_return answer_of(*outcome.error, caller.is_signed_in);
    }
    co_return answer_of(call, outcome.rows.at(1));
}

} // namespace helix::edge
