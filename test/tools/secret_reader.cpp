// A module for test/t/023_secrets.pl: what secrets::read() gives, as a feature of helix would have it. helix.so exports
// nothing for it: it finds the functions by the symbol table of the helix.so that the server has loaded.
#include "pg/prelude.hpp"

#include "core/secrets/secret.hpp"
#include "pg/guard.hpp"

#include <csignal>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <iterator>
#include <link.h>

extern "C" {
PG_MODULE_MAGIC;
}

using namespace helix;

namespace {

struct Module {
    std::string file;
    ElfW(Addr) base = 0;
};

Module loaded_helix() {
    Module module;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* found) {
            if (std::string_view(info->dlpi_name).ends_with("/helix.so")) {
                *static_cast<Module*>(found) = {info->dlpi_name, info->dlpi_addr};
            }
            return 0;
        },
        &module);
    return module;
}

// The address of a function whose symbol is hidden. Debian's flags leave the symbol table in the file.
void* hidden_function(std::string_view symbol) {
    const auto module = loaded_helix();
    std::ifstream file(module.file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const auto at = [&bytes](std::size_t offset) { return bytes.data() + offset; };
    ElfW(Ehdr) header;
    memcpy(&header, at(0), sizeof(header));
    for (int i = 0; i < header.e_shnum; ++i) {
        ElfW(Shdr) section;
        memcpy(&section, at(header.e_shoff + static_cast<std::size_t>(i) * header.e_shentsize), sizeof(section));
        if (section.sh_type != SHT_SYMTAB) {
            continue;
        }
        ElfW(Shdr) names;
        memcpy(&names, at(header.e_shoff + std::size_t{section.sh_link} * header.e_shentsize), sizeof(names));
        for (std::size_t place = 0; place < section.sh_size; place += sizeof(ElfW(Sym))) {
            ElfW(Sym) entry;
            memcpy(&entry, at(section.sh_offset + place), sizeof(entry));
            if (entry.st_value != 0 && symbol == at(names.sh_offset + entry.st_name)) {
                return reinterpret_cast<void*>(module.base + entry.st_value); // NOLINT(performance-no-int-to-ptr)
            }
        }
    }
    throw Error(sqlstate::undefined_object, "helix.so has no such symbol", std::string(symbol));
}

Secret read_hidden(std::string_view reference) {
    static const auto read = reinterpret_cast<Secret (*)(std::string_view)>(
        hidden_function("_ZN5helix7secrets4readESt17basic_string_viewIcSt11char_traitsIcEE"));
    return read(reference);
}

void check_reference(std::string_view reference) {
    static const auto check = reinterpret_cast<void (*)(std::string_view)>(
        hidden_function("_ZN5helix7secrets15check_referenceESt17basic_string_viewIcSt11char_traitsIcEE"));
    check(reference);
}

std::string_view argument(FunctionCallInfo fcinfo) {
    text* unpacked = pg::call([fcinfo] { return PG_GETARG_TEXT_PP(0); });
    return {VARDATA_ANY(unpacked), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(unpacked))};
}

} // namespace

// read_secret(reference): the secret itself.
HELIX_FUNCTION(helix_test_read_secret) {
    const Secret secret = read_hidden(argument(fcinfo));
    const char* bytes = secret.view().data();
    const int length = static_cast<int>(secret.view().size());
    const Datum result = pg::call([=] { return PointerGetDatum(cstring_to_text_with_len(bytes, length)); });
    return result;
}

// read_secret_length(reference): how long it is; nothing else leaves helix::Secret.
HELIX_FUNCTION(helix_test_read_secret_length) {
    PG_RETURN_INT32(static_cast<std::int32_t>(read_hidden(argument(fcinfo)).view().size()));
}

// read_secret_often(reference, count): how many of the reads gave something.
HELIX_FUNCTION(helix_test_read_secret_often) {
    const auto reference = argument(fcinfo);
    const int count = PG_GETARG_INT32(1);
    int found = 0;
    for (int i = 0; i < count; ++i) {
        found += read_hidden(reference).empty() ? 0 : 1;
    }
    PG_RETURN_INT32(found);
}

HELIX_FUNCTION(helix_test_check_reference) {
    check_reference(argument(fcinfo));
    PG_RETURN_VOID();
}

// use_and_abort(reference): reads and forgets the secret as features do, then leaves a core.
HELIX_FUNCTION(helix_test_use_and_abort) {
    read_hidden(argument(fcinfo));
    signal(SIGABRT, SIG_DFL);
    abort();
    PG_RETURN_VOID();
}
