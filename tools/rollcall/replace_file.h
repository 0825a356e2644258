// Replaces a file atomically: a reader sees the old content or the new one, never a mixture.
//
// Shape    writes a temporary file in the same directory, copies the mode and, if permitted, the owner of the old file
//          (0644 for a new file), then fsync, rename, and fsync of the directory. A symbolic link is followed: its
//          target is replaced, not the link.
// Threads  blocks on disk I/O.
// Failure  Errc::invalid, with a message that has the path and the system error. The old file is then unchanged, and
//          the temporary file is removed.
// Source   rename(2), fsync(2).
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string_view>

#include "base/result.h"

namespace rollcall::cli {

[[nodiscard]] Result<void> replace_file(const std::filesystem::path& path, std::string_view text);

// Reads a whole file. Fails if it is longer than `bytes_max`. Memory is allocated only for octets that were read.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);

// The same for an open stream; `name` is for error messages.
[[nodiscard]] Result<std::string> read_stream(std::istream& stream, const std::filesystem::path& name,
                                              std::size_t bytes_max);

}  // namespace rollcall::cli
