// Everything runs in one thread, but for what connects to the database.
#include "edge/server.hpp"

#include "edge/listener.hpp"
#include "edge/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <unistd.h>

namespace helix::edge {

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds longest_leaving{5};

// Without running destructors: connections end by themselves, and a thread may still be connecting.
[[noreturn]] void leave() {
    flush_log();
    _exit(0);
}

asio::awaitable<void> watch_deadlines(Deadlines& deadlines) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        timer.expires_after(Deadlines::resolution);
        co_await timer.async_wait(asio::use_awaitable);
        deadlines.check();
        flush_log();
    }
}

// Its pipe ends with the launcher, however that ended.
asio::awaitable<void> watch_launcher(int descriptor) {
    asio::posix::stream_descriptor pipe(co_await asio::this_coro::executor, descriptor);
    for (;;) {
        char bytes[64];
        const auto [error, count] = co_await pipe.async_read_some(asio::buffer(bytes), quietly);
        if (error) {
            leave();
        }
    }
}

// What is being answered is answered; the listening sockets are closed by then.
asio::awaitable<void> leave_on_signal(Shared& shared, Listener& listener) {
    const auto executor = co_await asio::this_coro::executor;
    asio::signal_set signals(executor, SIGTERM, SIGINT);
    co_await signals.async_wait(quietly);
    listener.close();
    shared.is_leaving = true;
    asio::steady_timer timer(executor);
    const auto deadline = Clock::now() + longest_leaving;
    while (shared.answering > 0 && Clock::now() < deadline) {
        timer.expires_after(std::chrono::milliseconds(20));
        co_await timer.async_wait(quietly);
    }
    leave();
}

} // namespace

void run_server(const Options& options, Secret password, int launcher) {
    asio::io_context context(1);
    const auto executor = context.get_executor();
    Deadlines deadlines;
    Limits limits(options);
    const Proxies proxies(options.trusted_proxies);
    Certificate certificate(options);
    Database database(executor, deadlines, options, std::move(password));
    Service service(database, options);
    Shared shared{options, deadlines, limits, proxies, service};
    Listener listener(executor, shared, certificate);
    for (const std::string& address : options.listen) {
        listener.listen(address);
    }
    asio::co_spawn(executor, watch_deadlines(deadlines), asio::detached);
    asio::co_spawn(executor, database.keep_looking(), asio::detached);
    asio::co_spawn(executor, leave_on_signal(shared, listener), asio::detached);
    if (launcher >= 0) {
        asio::co_spawn(executor, watch_launcher(launcher), asio::detached);
    }
    context.run();
}

} // namespace helix::edge
