// The database schema and its migrations. docs/database.md describes the tables.
//
// Shape    one migration step per version: step n migrates version n to version n + 1; version 0 is an empty file.
// Rule     never edit a released step. A CHECK constraint must accept every value that registry/instance/registration.h
//          accepts: a refused row would make the commit fail for all other changes in the same batch.
#pragma once

#include <cstdint>
#include <span>

namespace rollcall::store {

// "RCLL": the application_id in the file's header marks a Rollcall database (sqlite.org/fileformat2.html §1.3.18).
inline constexpr std::int32_t k_application_id = 0x52434C4C;

// The SQL of each migration step. Each runs in its own transaction, which also sets `user_version`.
[[nodiscard]] std::span<const char* const> schema_steps();

// The version this program reads and writes.
[[nodiscard]] inline int schema_version() { return static_cast<int>(schema_steps().size()); }

}  // namespace rollcall::store
