# helix: build with PGXS.  make; make install; make installcheck (a running server with helix preloaded).
# make demo, make test and make bench set up everything they need; see README.md.
EXTENSION = helix
EXTVERSION = 0.1.0
MODULE_big = helix

SOURCES = $(filter-out src/edge/%,$(sort $(wildcard src/*.cpp src/*/*.cpp src/*/*/*.cpp src/*/*/*/*.cpp)))
OBJS = $(SOURCES:.cpp=.o)
DATA_built = helix--$(EXTVERSION).sql
DATA = $(wildcard sql/upgrade/helix--*.sql)
EXTRA_CLEAN = $(DATA_built) $(SOURCES:.cpp=.d) $(EDGE_OBJS) $(EDGE_OBJS:.o=.d) helix-edge web/dist build results output_iso

# The program that speaks HTTP. It has nothing of the server's, but for libpq; WITHOUT_EDGE=1 leaves it out.
EDGE_OBJS = $(patsubst %.cpp,%.o,$(sort $(wildcard src/edge/*.cpp)))
EDGE_CORE = $(patsubst %.cpp,%.o,$(wildcard src/core/*.cpp src/core/secrets/*.cpp))

REGRESS = record record_many usage fold dimensions reads series dashboard prices price_import corrections erasure access matrix cache schedules turns \
	concurrency queue stopped batches queue_control queue_again queue_limits preferences budgets memberships dimension_budgets limits secrets webhooks clients client_executions \
	client_batches recommendations edge extremes
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
	'-DPGDLLEXPORT=__attribute__((visibility("default")))' -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server) -MMD -MP
SHLIB_LINK += -lstdc++ -lhiredis -lssl -lcrypto -lcurl -ljansson

%.o: %.cpp
	$(CXX) $(CXXFLAGS) $(CFLAGS_SL) $(HELIX_CXXFLAGS) \
	    $(filter-out -I. -I./ -I$(shell $(PG_CONFIG) --includedir-server),$(CPPFLAGS)) -c -o $@ $<

-include $(SOURCES:.cpp=.d) $(EDGE_OBJS:.o=.d)

ifndef WITHOUT_EDGE
all: helix-edge
install: install-edge
uninstall: uninstall-edge
endif
.PHONY: install-edge uninstall-edge boost

helix-edge: $(EDGE_OBJS) $(EDGE_CORE)
	$(CXX) $(CXXFLAGS) -o $@ $^ $(LDFLAGS) -L$(shell $(PG_CONFIG) --libdir) -lpq -lssl -lcrypto -lpthread

$(EDGE_OBJS): CXXFLAGS += -DBOOST_ASIO_NO_DEPRECATED -isystem $(shell $(PG_CONFIG) --includedir) \
	'-DHELIX_PAGES="$(shell $(PG_CONFIG) --sharedir)/helix/pages"'
$(EDGE_OBJS): | boost

# Boost says its version as 108100 for 1.81.
boost:
	@echo '#include <boost/version.hpp>' | $(CXX) -E -dM -x c++ - 2>/dev/null | \
	    awk '$$2 == "BOOST_VERSION" && $$3 >= 108100 {found = 1} END {exit !found}' || { \
	    echo 'error: helix-edge needs the headers of Boost 1.81 or newer (Debian: libboost1.81-dev or libboost1.83-dev);' \
	    'make WITHOUT_EDGE=1 builds the rest' >&2; exit 1; }

install-edge: helix-edge
	$(MKDIR_P) '$(DESTDIR)$(bindir)'
	$(INSTALL_PROGRAM) helix-edge '$(DESTDIR)$(bindir)/'

uninstall-edge:
	rm -f '$(DESTDIR)$(bindir)/helix-edge'

# The pages. Node builds them into web/dist; make install takes what is there.
pages = $(DESTDIR)$(datadir)/helix/pages
install: install-pages
uninstall: uninstall-pages
.PHONY: web npm install-pages uninstall-pages
web: web/dist/licenses.txt

web/dist/licenses.txt: web/node_modules/.package-lock.json $(wildcard web/*.mjs web/*.json web/src/* web/src/*/*) | npm
	cd web && npm run --silent build

web/node_modules/.package-lock.json: web/package-lock.json | npm
	cd web && npm ci --loglevel=error --ignore-scripts --no-audit --no-fund

npm:
	@command -v npm >/dev/null || { \
	    echo 'error: make web needs Node 18.17 or newer with npm; all else of helix works without the pages' >&2; exit 1; }

install-pages:
	@if [ -d web/dist ]; then rm -rf '$(pages)' && $(MKDIR_P) '$(pages)' && cp -R web/dist/. '$(pages)' && \
	    chmod -R u=rwX,go=rX '$(pages)' && echo 'the pages are in $(pages)'; \
	else echo 'no pages are installed: web/dist is not there (make web builds it, with Node)'; fi

uninstall-pages:
	rm -rf '$(pages)'

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
