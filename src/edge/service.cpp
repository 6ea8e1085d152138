// From a route to the part that answers it.
#include "edge/service.hpp"

#include "edge/error_answer.hpp"
#include "edge/log.hpp"

namespace helix::edge {

namespace {

Response method_not_taken(const Request& request, const Route& route) {
    Response response = Service::refused(
        Refusal(405, "PGRST101", "only these methods are taken: " + std::string(route.methods())), route);
    if (request.method == "HEAD") {
        response.body.clear();
    }
    std::erase_if(response.headers, [](const Header& header) { return header.name == "Allow"; });
    response.add("Allow", std::string(route.methods()));
    return response;
}

} // namespace

Service::Service(Database& database, const Options& options)
    : database_(database), callers_(database), rpc_(database, callers_), webhook_(database, callers_),
      pages_(options.pages), cors_(options.allowed_origins) {}

Response Service::refused(const Refusal& refusal, const Route& route) {
    switch (route.kind) {
    case Route::Kind::rpc:
        return answer_of(refusal);
    case Route::Kind::webhook:
        return webhook_error(refusal.status, refusal.message);
    default:
        return text_response(refusal.status, refusal.message + "\n");
    }
}

asio::awaitable<Response> Service::answer(const Request& request, const Route& route) {
    Response response;
    try {
        response = co_await answer_route(request, route);
    } catch (const Refusal& refusal) {
        response = refused(refusal, route);
    } catch (const std::exception& error) {
        log_event(std::string("a request failed: ") + error.what());
        response = refused(Refusal(500, "XX000", "the request failed"), route);
    }
    cors_.add_headers(request, response);
    co_return response;
}

asio::awaitable<Response> Service::answer_route(const Request& request, const Route& route) {
    if (route.kind != Route::Kind::unknown && !route.takes(request.method)) {
        co_return method_not_taken(request, route);
    }
    switch (route.kind) {
    case Route::Kind::webhook:
        co_return co_await webhook_.answer(request);
    case Route::Kind::rpc:
        if (request.method == "OPTIONS") {
            co_return cors_.preflight(request, route.methods());
        }
        co_return co_await rpc_.answer(request, route.function);
    case Route::Kind::page:
        co_return pages_.answer(request);
    case Route::Kind::alive:
        co_return text_response(200, "alive\n");
    case Route::Kind::ready:
        co_return co_await readiness();
    case Route::Kind::unknown:
        break;
    }
    co_return text_response(404, "not found\n");
}

asio::awaitable<Response> Service::readiness() {
    if (co_await database_.is_ready()) {
        co_return text_response(200, "ready\n");
    }
    Response response = text_response(503, "the database is not available\n");
    response.add("Retry-After", "1");
    co_return response;
}

} // namespace helix::edge
