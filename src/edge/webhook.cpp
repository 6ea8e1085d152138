// Hands what a sender has sent, byte for byte, to helix.webhook_receive(), which decides everything else.
#include "edge/webhook.hpp"

#include "core/json.hpp"
#include "core/uuid.hpp"
#include "edge/call_settings.hpp"
#include "edge/json_text.hpp"
#include "edge/query.hpp"
#include "edge/refusal.hpp"
#include "edge/rpc_answer.hpp"

#include <algorithm>
#include <array>

namespace helix::edge {

namespace {

const std::shared_ptr<const Function>& receiver() {
    static const auto function = std::make_shared<const Function>(
        Function{.name = "webhook_receive", .parameters = {{"", "pg_catalog.bytea", true}}});
    return function;
}

std::string schedule_of(const Request& request) {
    const auto fields = query_fields(request.query);
    if (!fields) {
        return {};
    }
    const auto id = std::ranges::find(*fields, "id", &QueryField::name);
    return id != fields->end() && parse_uuid(id->value) ? id->value : "";
}

// Nobody can send these as headers of their own.
std::vector<Header> told_by_edge(const Request& request) {
    return {{"x-webhook-method", request.method},
            {"x-webhook-query", request.query},
            {"x-schedule-id", schedule_of(request)}};
}

// A text comes in the quotes of JSON.
void unquote(Response& response) {
    const auto is_reply = [](const Header& header) { return header.name == "X-Webhook-Reply"; };
    const auto reply = std::ranges::find_if(response.headers, is_reply);
    if (reply != response.headers.end() && reply->value == "text") {
        if (auto text = json_text(response.body)) {
            response.body = std::move(*text);
        }
    }
    std::erase_if(response.headers,
                  [&](const Header& header) { return is_reply(header) || header.name == "Content-Range"; });
}

} // namespace

Response webhook_error(int status, std::string_view message) {
    std::string body = "{\"error\": ";
    append_json_quoted(body, message);
    Response response = json_response(status, body + "}");
    if (status == 405) {
        response.add("Allow", "POST");
    }
    if (status == 503 || status == 429) {
        response.add("Retry-After", "1");
    }
    return response;
}

asio::awaitable<Response> Webhook::answer(const Request& request) {
    if (request.method != "POST" && request.method != "GET") {
        co_return webhook_error(405, "only POST is taken");
    }
    const auto caller = co_await callers_.anonymous();
    const RpcCall call{
        .function = receiver(), .form = RpcCall::Form::body, .parameters = {Parameter::bytes(request.body)}};
    const std::string sql = call.sql();
    const std::array statements{call_settings(*caller, {.method = "POST",
                                                        .path = "/rpc/webhook_receive",
                                                        .headers = headers_as_json(request, told_by_edge(request))}),
                                call.statement(sql)};
    const Outcome outcome = co_await database_.run(statements);
    if (outcome.error) {
        throw Refusal(503, outcome.error->sqlstate, "the webhook cannot be taken now");
    }
    Response response = answer_of(call, outcome.rows.at(1));
    unquote(response);
    if (response.status == 405) {
        response.add("Allow", "POST");
    }
    co_return response;
}

} // namespace helix::edge
