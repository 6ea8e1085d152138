// Reads a secret from Supabase Vault.
#include "pg/prelude.hpp"

#include "secrets/vault.hpp"

#include "core/error.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"

#include <cstring>

extern "C" {
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "storage/lmgr.h"
#include "utils/syscache.h"
}

namespace helix::secrets {

namespace {

constexpr std::string_view scheme = "vault://";

enum class Found { none, no_vault, foreign_vault, one, several, wrong_size, error };

struct Reading {
    const char* name;
    Found found;
    std::size_t length;
    char bytes[Secret::longest];
};

Oid owner_of_schema(Oid schema) {
    HeapTuple tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
    const Oid owner =
        HeapTupleIsValid(tuple) ? reinterpret_cast<Form_pg_namespace>(GETSTRUCT(tuple))->nspowner : InvalidOid;
    if (HeapTupleIsValid(tuple)) {
        ReleaseSysCache(tuple);
    }
    return owner;
}

Oid owner_of_relation(Oid relation) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    const Oid owner =
        HeapTupleIsValid(tuple) ? reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner : InvalidOid;
    if (HeapTupleIsValid(tuple)) {
        ReleaseSysCache(tuple);
    }
    return owner;
}

// Whatever the view calls runs as helix's owner, so it has to be a superuser's.
Found look_for_vault() {
    const Oid schema = get_namespace_oid("vault", true);
    const Oid view = OidIsValid(schema) ? get_relname_relid("decrypted_secrets", schema) : InvalidOid;
    if (!OidIsValid(view)) {
        return Found::no_vault;
    }
    LockRelationOid(view, AccessShareLock);
    return superuser_arg(owner_of_schema(schema)) && superuser_arg(owner_of_relation(view)) ? Found::one
                                                                                            : Found::foreign_vault;
}

// Copies the secret and wipes the row's; what the vault itself has used for decrypting is out of reach.
void take(Reading& reading) {
    HeapTuple row = SPI_tuptable->vals[0];
    bool is_null = false;
    const Datum value = pg::column(0, 1, &is_null);
    text* plain = is_null ? nullptr : DatumGetTextPP(value);
    const std::size_t length = is_null ? 0 : static_cast<std::size_t>(VARSIZE_ANY_EXHDR(plain));
    reading.found = length > 0 && length <= sizeof(reading.bytes) ? Found::one : Found::wrong_size;
    if (reading.found == Found::one) {
        memcpy(reading.bytes, VARDATA_ANY(plain), length);
        reading.length = length;
    }
    if (!is_null) {
        explicit_bzero(VARDATA_ANY(plain), length);
    }
    explicit_bzero(reinterpret_cast<char*>(row->t_data) + row->t_data->t_hoff, row->t_len - row->t_data->t_hoff);
}

void query(Reading& reading) {
    static pg::Statement by_name(
        "SELECT decrypted_secret::pg_catalog.text FROM vault.decrypted_secrets WHERE name OPERATOR(pg_catalog.=) $1",
        {TEXTOID});
    reading.found = look_for_vault();
    if (reading.found != Found::one) {
        return;
    }
    pg::OwnerSpi spi;
    const Datum values[] = {CStringGetTextDatum(reading.name)};
    const auto rows = by_name.execute_latest(values, nullptr, 2);
    if (rows == 1) {
        take(reading);
    } else {
        reading.found = rows == 0 ? Found::none : Found::several;
    }
    spi.finish();
}

void look(Reading& reading) {
    Reading* target = &reading;
    if (!pg::try_in_subtransaction([target] { query(*target); }, pg::OnError::log)) { // callers may be anonymous
        reading.found = Found::error;
    }
}

const char* reason(Found found) {
    switch (found) {
    case Found::no_vault:
        return "this database has no vault.decrypted_secrets";
    case Found::foreign_vault:
        return "vault.decrypted_secrets does not belong to a superuser";
    case Found::several:
        return "the vault has more than one secret of that name";
    case Found::wrong_size:
        return "it must hold 1 to 4096 bytes";
    case Found::error:
        return "the vault cannot be read; the server's log says why";
    default:
        return "the vault has no secret of that name";
    }
}

} // namespace

Secret read_vault(std::string_view reference) {
    const std::string name(reference.substr(scheme.size()));
    Reading reading{};
    reading.name = name.c_str();
    pg::call([&] { look(reading); });
    Secret secret(std::string_view(reading.bytes, reading.length));
    explicit_bzero(reading.bytes, sizeof(reading.bytes));
    if (reading.found != Found::one) {
        throw Error(sqlstate::secret_unavailable, "secret unavailable",
                    "\"" + std::string(reference) + "\": " + reason(reading.found) + ".",
                    "Create the extension supabase_vault in this database and the secret by vault.create_secret().");
    }
    return secret;
}

} // namespace helix::secrets
