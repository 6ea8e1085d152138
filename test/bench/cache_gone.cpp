// What test/bench/cache measures between a commit and Redis:
//   cache_gone drain SOCKET PID
//       continues the stopped invalidator and prints the seconds until Redis holds nothing but helix's epoch and lease
//   cache_gone time SOCKET UPDATE KEY FIRST SAMPLES SECONDS
//       for each of SAMPLES users from number FIRST on sets KEY (% stands for the user), runs UPDATE ($1 is the user)
//       and prints the ms from its return until the key has gone; none begun after SECONDS
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto patience = 30s;

[[noreturn]] void fail(const std::string& message) {
    std::fprintf(stderr, "cache_gone: %s\n", message.c_str());
    std::exit(1);
}

class Redis {
  public:
    explicit Redis(const char* socket) : context_(redisConnectUnix(socket), redisFree) {
        if (!context_ || context_->err != 0) {
            fail(std::string("no connection to Redis at ") + socket);
        }
    }

    void append(const char* command) { redisAppendCommand(context_.get(), command); }
    void append(const char* command, const std::string& key) { // "GET %b"
        redisAppendCommand(context_.get(), command, key.data(), key.size());
    }

    // The number that the next of the appended commands gives; 0 where it gives none.
    long long take() {
        void* object = nullptr;
        if (redisGetReply(context_.get(), &object) != REDIS_OK) {
            fail(std::string("no answer from Redis: ") + context_->errstr);
        }
        const std::unique_ptr<void, decltype(&freeReplyObject)> owner(object, freeReplyObject);
        const auto& reply = *static_cast<const redisReply*>(object);
        if (reply.type == REDIS_REPLY_ERROR) {
            fail(reply.str);
        }
        return reply.integer;
    }

  private:
    std::unique_ptr<redisContext, decltype(&redisFree)> context_;
};

class Database {
  public:
    explicit Database(const char* update) : connection_(PQconnectdb(""), PQfinish) {
        check(PQprepare(connection_.get(), "update", update, 1, nullptr), "");
    }

    void update(const std::string& user) {
        const char* parameter = user.c_str();
        check(PQexecPrepared(connection_.get(), "update", 1, &parameter, nullptr, nullptr, 0), "1");
    }

  private:
    void check(PGresult* result, const std::string& rows) {
        const std::unique_ptr<PGresult, decltype(&PQclear)> owner(result, PQclear);
        if (PQresultStatus(result) != PGRES_COMMAND_OK) {
            fail(PQerrorMessage(connection_.get()));
        }
        if (rows != PQcmdTuples(result)) {
            fail("the update changed " + std::string(PQcmdTuples(result)) + " rows, not " + rows);
        }
    }

    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

std::string user_id(long number) {
    char text[64];
    std::snprintf(text, sizeof(text), "00000000-0000-0000-0000-%012ld", number);
    return text;
}

void drain(Redis redis, pid_t invalidator) {
    const auto start = Clock::now();
    if (kill(invalidator, SIGCONT) != 0) {
        fail("no process " + std::to_string(invalidator));
    }
    for (;;) {
        redis.append("EXISTS helix:epoch helix:lease"); // first: it removes a lease that has run out
        redis.append("DBSIZE");
        const auto own = redis.take();
        const auto left = redis.take() - own;
        const auto now = Clock::now();
        if (left == 0) {
            std::printf("%.6f\n", std::chrono::duration<double>(now - start).count());
            return;
        }
        if (now - start > patience) {
            fail(std::to_string(left) + " keys are left");
        }
        std::this_thread::sleep_for(1ms);
    }
}

struct Plan {
    std::string key;
    long first;
    long samples;
    std::chrono::seconds time;
};

void wait_until_gone(Redis& redis, const std::string& key) {
    const auto committed = Clock::now();
    for (;;) {
        redis.append("EXISTS %b", key);
        const bool gone = redis.take() == 0;
        const auto age = Clock::now() - committed;
        if (gone) {
            std::printf("%.4f\n", std::chrono::duration<double, std::milli>(age).count());
            return;
        }
        if (age > patience) {
            fail(key + " is still there");
        }
        std::this_thread::sleep_for(100us);
    }
}

void time_removals(Redis redis, Database database, const Plan& plan) {
    const auto end = Clock::now() + plan.time;
    const auto placeholder = plan.key.find('%');
    for (long number = plan.first; number < plan.first + plan.samples && Clock::now() < end; ++number) {
        const auto user = user_id(number);
        const auto key = std::string(plan.key).replace(placeholder, 1, user);
        redis.append("SET %b 1", key);
        redis.take();
        database.update(user);
        wait_until_gone(redis, key);
    }
}

} // namespace

int main(int count, char** words) {
    const std::string mode = count > 2 ? words[1] : "";
    if (mode == "drain" && count == 4) {
        drain(Redis(words[2]), std::atoi(words[3]));
    } else if (mode == "time" && count == 8) {
        time_removals(Redis(words[2]), Database(words[3]),
                      {words[4], std::atol(words[5]), std::atol(words[6]), std::chrono::seconds(std::atol(words[7]))});
    } else {
        fail("drain SOCKET PID, or time SOCKET UPDATE KEY FIRST SAMPLES SECONDS");
    }
}
