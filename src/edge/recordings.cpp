// While a call is on its way, recordings wait for the next one. So the more come, the more go together.
#include "edge/recordings.hpp"

#include "core/numbers.hpp"
#include "core/uuid.hpp"
#include "edge/binary_array.hpp"
#include "edge/error_answer.hpp"
#include "edge/utf8.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace helix::edge {

namespace {

constexpr std::string_view record_for = R"sql(
    SELECT r.element, r.id, r.alone, r.sqlstate, r.message, r.detail, r.hint
      FROM helix_internal.record_for($1, $2, $3) r)sql";
enum RecordedColumn : int { element, id, alone, sqlstate, message, detail, hint };

// The more go together, the less each costs: by 28 instead of 15 the server's share fell by an eighth. So another call
// is on its way at the same time only where there are enough for both. Executing the next call while one commits made
// all of it slower by 19 %.
constexpr int most_sending = 2;
constexpr std::size_t enough_for_another = 100;

Response recorded(std::string_view execution_id) {
    Response response = json_response(200, std::string(execution_id));
    response.add("Content-Range", "0-0/*");
    return response;
}

std::optional<Response> response_of(const Rows& rows, int row, bool signed_in) {
    if (rows.truth(row, alone)) {
        return std::nullopt;
    }
    if (!rows.is_null(row, id)) {
        return recorded(rows.text(row, id));
    }
    const auto text = [&](int column) { return std::string(rows.text(row, column)); };
    return answer_of(ServerError{text(sqlstate), text(message), text(detail), text(hint)}, signed_in);
}

// Whether PostgreSQL takes it as text. One body that it does not take would send all the others by themselves.
bool is_text(std::string_view body) {
    return is_utf8(body) && body.find('\0') == std::string_view::npos;
}

void add_user(BinaryArray& users, const std::string& user) {
    if (const auto bytes = parse_uuid(user)) {
        users.add({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    } else {
        users.add_null();
    }
}

} // namespace

bool Recordings::takes(const Caller& caller, const Request& request, std::string_view function) {
    return function == "record_operation_execution" && is_plain_call(request) && caller.may_record &&
           (caller.is_service || !caller.user.empty()) && is_text(request.body);
}

asio::awaitable<std::optional<Response>> Recordings::answer(std::shared_ptr<const Caller> caller,
                                                            const Request& request) {
    if (Clock::now() < refused_until_) {
        co_return std::nullopt;
    }
    const auto executor = co_await asio::this_coro::executor;
    Waiting waiting{std::move(caller), request.body, asio::steady_timer(executor, Clock::time_point::max()), {}};
    waiting_.push_back(&waiting);
    if (sending_ == 0 || (sending_ < most_sending && waiting_.size() >= enough_for_another)) {
        ++sending_;
        asio::co_spawn(executor, send(), asio::detached);
    }
    co_await waiting.answered.async_wait(asio::as_tuple(asio::use_awaitable));
    if (waiting.is_lost) {
        throw Unavailable("The connection to the database was lost.");
    }
    co_return std::move(waiting.response);
}

asio::awaitable<void> Recordings::send() {
    while (!waiting_.empty()) {
        const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), most_together));
        const std::vector<Waiting*> together(waiting_.begin(), waiting_.begin() + count);
        waiting_.erase(waiting_.begin(), waiting_.begin() + count);
        try {
            co_await record(together);
        } catch (const std::exception&) {
            for (Waiting* waiting : together) {
                waiting->is_lost = true;
            }
        }
        // Without a database this comes before they begin to wait, so that a cancel() would end nothing.
        for (Waiting* waiting : together) {
            waiting->answered.expires_at(Clock::time_point::min());
        }
    }
    --sending_;
}

// What is not answered here is called by itself: an error of the whole call left nothing behind.
asio::awaitable<void> Recordings::record(std::span<Waiting* const> together) {
    BinaryArray users(BinaryArray::Type::uuid);
    BinaryArray services(BinaryArray::Type::boolean);
    BinaryArray calls(BinaryArray::Type::text);
    for (const Waiting* waiting : together) {
        add_user(users, waiting->caller->user);
        services.add(waiting->caller->is_service ? std::string_view("\1", 1) : std::string_view("\0", 1));
        calls.add(waiting->body);
    }
    const Statement statement{
        record_for,
        {Parameter::bytes(users.take()), Parameter::bytes(services.take()), Parameter::bytes(calls.take())}};
    const Outcome outcome = co_await database_.run(std::span(&statement, 1));
    if (outcome.error) {
        if (outcome.error->sqlstate == "42883" || outcome.error->sqlstate == "42501") {
            refused_until_ = Clock::now() + std::chrono::minutes(1);
        }
        co_return;
    }
    const Rows& rows = outcome.rows.at(0);
    for (int row = 0; row < rows.count(); ++row) {
        const auto place = whole_number<std::size_t>(rows.text(row, element));
        if (place && *place < together.size()) {
            Waiting& waiting = *together[*place];
            waiting.response = response_of(rows, row, waiting.caller->is_signed_in);
        }
    }
}

} // namespace helix::edge
