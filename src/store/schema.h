// The tables, and the way from every older form of them to the present one. docs/database.md is their description.
//
// Shape    a step per version: step n makes version n + 1 out of version n, and version 0 is an empty file.
// Rule     a released step is never edited. A CHECK must accept whatever registry/instance/registration.h accepts: a row that it
//          refused would take everybody else's row of the same commit down with it.
#pragma once

#include <cstdint>
#include <span>

namespace rollcall::store {

// "RCLL" in the file's header: which program the file belongs to (sqlite.org/fileformat2.html §1.3.18).
inline constexpr std::int32_t k_application_id = 0x52434C4C;

// Each runs in a transaction of its own, which also sets `user_version`.
[[nodiscard]] std::span<const char* const> schema_steps();

// The version this program reads and writes.
[[nodiscard]] inline int schema_version() { return static_cast<int>(schema_steps().size()); }

}  // namespace rollcall::store
