#include "base/file_access.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rollcall {

std::optional<std::string> exposure_of(const FileAccess& access, uid_t reader, const std::string& file) {
  const bool to_others = (access.mode & S_IROTH) != 0;
  const bool is_own = access.owner == reader;
  const bool to_group = (access.mode & S_IRGRP) != 0 && is_own && reader != 0;
  if (!to_others && !to_group) return std::nullopt;
  const char* const who = to_others && to_group ? "its group and others" : to_others ? "others" : "its group";
  // Of another user's file the group's right stays.
  const char* const mode = is_own && reader != 0 ? "600" : "o-rwx";
  return fmt::format("{} can read it (mode {:04o}): chmod {} {}", who, access.mode, mode, file);
}

std::optional<std::string> exposure_of(const std::string& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return exposure_of({.mode = status.st_mode & 07777U, .owner = status.st_uid}, ::geteuid(), file);
}

}  // namespace rollcall
