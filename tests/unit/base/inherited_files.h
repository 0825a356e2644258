// What a command started now would inherit: open files without close-on-exec, as "7 socket:[4711]".
#pragma once

#include <fcntl.h>
#include <filesystem>
#include <set>
#include <string>

namespace rollcall::testing {

inline std::set<std::string> inherited_files() {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const std::string number = entry.path().filename();
    const int flags = ::fcntl(std::stoi(number), F_GETFD);
    std::error_code gone;
    const std::filesystem::path target = std::filesystem::read_symlink(entry.path(), gone);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0 && !gone) files.insert(number + ' ' + target.string());
  }
  return files;
}

}  // namespace rollcall::testing
