// Runs SQL by saved plans, as the extension's owner.
#include "pg/spi.hpp"

#include "pg/relations.hpp"
#include "pg/settings.hpp"

extern "C" {
#include "utils/snapmgr.h"
}

namespace helix::pg {

namespace {

// A statement of helix's own always has its row, unless somebody has added a trigger or a rule that takes it away.
HeapTuple row_of_result(std::uint64_t row) {
    const std::uint64_t rows = SPI_tuptable == nullptr ? 0 : SPI_tuptable->numvals;
    if (row >= rows) {
        ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION), errmsg("a statement of helix's returned too few rows"),
                        errdetail("It returned %llu.", static_cast<unsigned long long>(rows)),
                        errhint("Look for a trigger or a rule on the table that it changes, and remove it.")));
    }
    return SPI_tuptable->vals[row];
}

} // namespace

Owner::Owner() {
    GetUserIdAndSecContext(&caller_, &security_context_);
    SetUserIdAndSecContext(extension_owner(), security_context_ | SECURITY_LOCAL_USERID_CHANGE);
}

void Owner::finish() {
    SetUserIdAndSecContext(caller_, security_context_);
}

void connect_spi() {
    if (SPI_connect() != SPI_OK_CONNECT) {
        elog(ERROR, "could not connect to SPI");
    }
}

OwnerSpi::OwnerSpi() {
    guc_nesting_ = NewGUCNestLevel();
    set_for_now("search_path", "pg_catalog, pg_temp");
    connect_spi();
}

void OwnerSpi::finish() {
    SPI_finish();
    AtEOXact_GUC(true, guc_nesting_);
    owner_.finish();
}

void Statement::prepare() {
    if (plan_ != nullptr) {
        return;
    }
    SPIPlanPtr plan = SPI_prepare(text_, arguments_, types_.data());
    if (plan == nullptr || SPI_keepplan(plan) != 0) {
        elog(ERROR, "could not prepare a statement: %s", SPI_result_code_string(SPI_result));
    }
    plan_ = plan;
}

std::uint64_t Statement::execute(const Datum* values, const char* nulls, long row_limit) {
    prepare();
    const int result = SPI_execute_plan(plan_, const_cast<Datum*>(values), nulls, false, row_limit);
    if (result < 0) {
        elog(ERROR, "could not execute a statement: %s", SPI_result_code_string(result));
    }
    return SPI_processed;
}

std::uint64_t Statement::execute_latest(const Datum* values, const char* nulls, long row_limit) {
    prepare();
    const int result = SPI_execute_snapshot(plan_, const_cast<Datum*>(values), nulls, GetLatestSnapshot(),
                                            InvalidSnapshot, false, true, row_limit);
    if (result < 0) {
        elog(ERROR, "could not execute a statement: %s", SPI_result_code_string(result));
    }
    return SPI_processed;
}

std::uint64_t Statement::read(const Datum* values, const char* nulls) {
    prepare();
    const int result = SPI_execute_plan(plan_, const_cast<Datum*>(values), nulls, true, 0);
    if (result < 0) {
        elog(ERROR, "could not read: %s", SPI_result_code_string(result));
    }
    return SPI_processed;
}

void execute_text(const char* text) {
    const int result = SPI_execute(text, false, 0);
    if (result < 0) {
        elog(ERROR, "could not execute a statement: %s", SPI_result_code_string(result));
    }
}

std::uint64_t execute_text_latest(const char* text, std::initializer_list<Oid> types, const Datum* values,
                                  long row_limit) {
    const SPIPlanPtr plan = SPI_prepare(text, static_cast<int>(types.size()), const_cast<Oid*>(types.begin()));
    if (plan == nullptr) {
        elog(ERROR, "could not prepare a statement: %s", SPI_result_code_string(SPI_result));
    }
    const int result = SPI_execute_snapshot(plan, const_cast<Datum*>(values), nullptr, GetLatestSnapshot(),
                                            InvalidSnapshot, false, true, row_limit);
    if (result < 0) {
        elog(ERROR, "could not execute a statement: %s", SPI_result_code_string(result));
    }
    SPI_freeplan(plan);
    return SPI_processed;
}

Datum column(std::uint64_t row, int number, bool* is_null) {
    return SPI_getbinval(row_of_result(row), SPI_tuptable->tupdesc, number, is_null);
}

Datum column(std::uint64_t row, int number) {
    bool is_null = false;
    const Datum value = column(row, number, &is_null);
    if (is_null) {
        elog(ERROR, "unexpected null in column %d", number);
    }
    return value;
}

Datum copied_row(TupleDesc columns) {
    return PointerGetDatum(SPI_returntuple(row_of_result(0), columns));
}

} // namespace helix::pg
