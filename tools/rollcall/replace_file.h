// A file's content, replaced as a whole: who opens the file sees the old text or the new one, never a part.
//
// Shape    Writes a temporary file in the same directory, gives it the mode and, where that is allowed, the owner of the
//          file it replaces (0644 for a new one), syncs it, renames it, syncs the directory. A symbolic link is followed,
//          so what it points to is replaced and not the link.
// Failure  Errc::invalid, a sentence with the path and the system's reason; the file is as it was, and no temporary one
//          stays.
// Source   rename(2), fsync(2).
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string_view>

#include "base/result.h"

namespace rollcall::cli {

[[nodiscard]] Result<void> replace_file(const std::filesystem::path& path, std::string_view text);

// At most `bytes_max` of a file; more is a failure, and only what has been read is allocated.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);

// The same of a stream that is open; `name` is for sentences.
[[nodiscard]] Result<std::string> read_stream(std::istream& stream, const std::filesystem::path& name,
                                              std::size_t bytes_max);

}  // namespace rollcall::cli
