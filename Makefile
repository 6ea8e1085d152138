# helix: build with PGXS.  make; make install; make installcheck (a running server with helix preloaded).
# make demo, make test and make bench set up everything they need; see README.md.
EXTENSION = helix
EXTVERSION = 0.1.0
MODULE_big = helix

SOURCES = $(sort $(wildcard src/*.cpp src/*/*.cpp src/*/*/*.cpp src/*/*/*/*.cpp))
OBJS = $(SOURCES:.cpp=.o)
DATA_built = helix--$(EXTVERSION).sql
DATA = $(wildcard sql/upgrade/helix--*.sql)
EXTRA_CLEAN = $(DATA_built) $(SOURCES:.cpp=.d) build results output_iso

REGRESS = record record_many usage fold reads dashboard prices price_import access matrix cache schedules turns \
	concurrency queue stopped batches queue_control queue_again queue_limits preferences budgets limits secrets webhooks clients client_executions \
	client_batches extremes
REGRESS_OPTS = --load-extension=helix
ISOLATION = $(sort $(notdir $(basename $(wildcard test/isolation/specs/*.spec))))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=helix

PG_CONFIG ?= pg_config
# JIT bitcode of C++ serves nobody here: no function of helix is worth inlining into a query.
override with_llvm = no
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# The server's headers are system headers to us: their warnings are not ours.
HELIX_CXXFLAGS = -std=c++20 -Wall -Wextra -Werror -fvisibility=hidden -DHELIX_VERSION='"$(EXTVERSION)"' \
	'-DPGDLLEXPORT=__attribute__((visibility("default")))' -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server) -MMD
SHLIB_LINK += -lstdc++ -lhiredis -lssl -lcrypto -lcurl -ljansson

%.o: %.cpp
	$(CXX) $(CXXFLAGS) $(CFLAGS_SL) $(HELIX_CXXFLAGS) \
	    $(filter-out -I. -I./ -I$(shell $(PG_CONFIG) --includedir-server),$(CPPFLAGS)) -c -o $@ $<

-include $(SOURCES:.cpp=.d)

$(DATA_built): $(sort $(wildcard sql/install/*.sql))
	cat $^ > $@

# A server has no role "root": said before pg_regress says it in its way.
installcheck: server-user
.PHONY: server-user
server-user:
	@[ "$$(id -u)" != 0 ] || [ -n "$$PGUSER" ] || { \
	    echo 'error: run make installcheck as a user whose role is a superuser of the running server,' \
	    'or name such a role: make installcheck PGUSER=postgres' >&2; exit 1; }

.PHONY: demo test bench
demo:
	TRACE='$(TRACE)' MODEL='$(MODEL)' test/demo/run
test:
	test/run
bench:
	test/bench/run

# make print-REGRESS prints the variable, for test/run.
print-%:
	@echo $($*)
