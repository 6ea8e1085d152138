// A call in one transaction: its settings, then the function.
#include "edge/rpc.hpp"

#include "edge/call_settings.hpp"
#include "edge/error_answer.hpp"
#include "edge/rpc_answer.hpp"

#include <array>

namespace helix::edge {

namespace {

// The catalog may be older than the server's: no such function, or another signature.
bool is_of_old_catalog(const ServerError& error) {
    return error.sqlstate == "42883" || error.sqlstate == "42725" || error.sqlstate == "42704";
}

} // namespace

asio::awaitable<Response> Rpc::answer(const Request& request, std::string_view function) {
    const auto caller = co_await callers_.caller_of(request);
    const RpcCall call = read_call(request, function, co_await catalog_.functions(function));
    if (recordings_.takes(*caller, request, call)) {
        if (auto answered = co_await recordings_.answer(caller, request)) {
            co_return std::move(*answered);
        }
    }
    co_return co_await run(request, *caller, call);
}

asio::awaitable<Response> Rpc::run(const Request& request, const Caller& caller, const RpcCall& call) {
    const std::array statements{call_settings(caller, {.method = request.method,
                                                       .path = "/rpc/" + call.function->name,
                                                       .headers = headers_as_json(request),
                                                       .read_only = call.read_only}),
                                call.statement()};
    const Outcome outcome = co_await database_.run(statements, request.method == "GET" || request.method == "HEAD");
    if (outcome.error) {
        if (is_of_old_catalog(*outcome.error)) {
            catalog_.doubt();
        }
        if (outcome.error->sqlstate == "25006" && !call.read_only) {
            database_.leave_standby();
        }
        co_return answer_of(*outcome.error, caller.is_signed_in);
    }
    co_return answer_of(call, outcome.rows.at(1));
}

} // namespace helix::edge
