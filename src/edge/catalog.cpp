// The functions of schema helix, by pg_proc.
#include "edge/catalog.hpp"

#include "edge/refusal.hpp"

namespace helix::edge {

namespace {

constexpr std::chrono::seconds longest_age{60};
constexpr std::chrono::seconds shortest_age{1};

// A row for each parameter that is passed in, in order; one with a null place for a function without any. What returns
// named columns is a row, even where there is one alone.
constexpr std::string_view select_functions = R"sql(
    SELECT p.oid, p.proname, p.provolatile <> 'v', p.proretset, p.prorettype = 'pg_catalog.void'::pg_catalog.regtype,
           t.typtype = 'c' OR coalesce(p.proargmodes && '{o,b,t}', false), coalesce(a.name, ''),
           pg_catalog.format_type(a.type, NULL), a.place <= p.pronargs - p.pronargdefaults, a.place IS NULL,
           NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_type t ON t.oid = p.prorettype
      LEFT JOIN LATERAL (
               SELECT x.name, x.type, pg_catalog.row_number() OVER (ORDER BY x.place) AS place
                 FROM ROWS FROM (pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])),
                                 pg_catalog.unnest(p.proargnames), pg_catalog.unnest(p.proargmodes))
                      WITH ORDINALITY AS x (type, name, mode, place)
                WHERE coalesce(x.mode, 'i') IN ('i', 'b', 'v')) a ON true
     WHERE p.pronamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'helix')
       AND p.prokind = 'f' AND p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
     ORDER BY p.oid, a.place)sql";
enum FunctionColumn : int {
    oid,
    name,
    only_reads,
    is_set,
    is_void,
    is_row,
    parameter_name,
    parameter_type,
    parameter_required,
    no_parameter,
    is_foreign
};

std::shared_ptr<Function> function_of(const Rows& rows, int row) {
    auto function = std::make_shared<Function>();
    function->name = rows.text(row, name);
    function->only_reads = rows.truth(row, only_reads);
    function->is_foreign = rows.truth(row, is_foreign);
    function->is_set = rows.truth(row, is_set);
    function->returns = rows.truth(row, is_void)  ? Function::Returns::nothing
                        : rows.truth(row, is_row) ? Function::Returns::row
                                                  : Function::Returns::value;
    return function;
}

} // namespace

void Catalog::doubt() {
    doubted_ = true;
}

asio::awaitable<Candidates> Catalog::functions(std::string_view wanted) {
    const auto age = Clock::now() - read_at_;
    auto found = functions_.find(wanted);
    if (!known_ || age > longest_age || ((doubted_ || found == functions_.end()) && age > shortest_age)) {
        co_await read();
        found = functions_.find(wanted);
    }
    co_return found == functions_.end() ? Candidates{} : found->second;
}

asio::awaitable<void> Catalog::read() {
    const Statement ask{select_functions, {}};
    const Outcome outcome = co_await database_.run(std::span(&ask, 1), true);
    if (outcome.error) {
        throw Unavailable("The functions cannot be read: " + outcome.error->message + ".");
    }
    const Rows& rows = outcome.rows.at(0);
    std::map<std::string, Candidates, std::less<>> functions;
    std::shared_ptr<Function> function;
    for (int row = 0; row < rows.count(); ++row) {
        if (row == 0 || rows.text(row, oid) != rows.text(row - 1, oid)) {
            function = function_of(rows, row);
            functions[function->name].push_back(function);
        }
        if (!rows.truth(row, no_parameter)) {
            function->parameters.push_back({std::string(rows.text(row, parameter_name)),
                                            std::string(rows.text(row, parameter_type)),
                                            rows.truth(row, parameter_required)});
        }
    }
    functions_ = std::move(functions);
    read_at_ = Clock::now();
    known_ = true;
    doubted_ = false;
}

} // namespace helix::edge
