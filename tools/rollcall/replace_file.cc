#include "tools/rollcall/replace_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <istream>
#include <sys/stat.h>
#include <unistd.h>

namespace rollcall::cli {
namespace {

std::unexpected<Error> system_failure(const char* what, const std::filesystem::path& path) {
  return failure(Errc::invalid, fmt::format("{} cannot be {}: {}", path.string(), what, std::strerror(errno)));
}

// A temporary file; the destructor removes it unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& beside)
      : path_((beside.parent_path() / fmt::format(".{}.XXXXXX", beside.filename().string())).string()),
        descriptor_(::mkostemp(path_.data(), O_CLOEXEC)) {}
  ~TemporaryFile() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    if (!is_renamed_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

  [[nodiscard]] bool take_mode_and_owner_of(const std::filesystem::path& path) const {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return ::fchmod(descriptor_, 0644) == 0;
    // chown usually needs root. If it fails, the file has our owner and group: keep at most 0755, so that the mode
    // grants our group nothing that was meant for the old group.
    const bool is_given = ::fchown(descriptor_, status.st_uid, status.st_gid) == 0;
    const bool is_ours = status.st_uid == ::geteuid() && status.st_gid == ::getegid();
    return ::fchmod(descriptor_, is_given || is_ours ? status.st_mode & 07777 : status.st_mode & 0755) == 0;
  }

  [[nodiscard]] bool write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(descriptor_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    return ::fsync(descriptor_) == 0;
  }

  [[nodiscard]] bool rename_to(const std::filesystem::path& path) {
    is_renamed_ = ::rename(path_.c_str(), path.c_str()) == 0;
    return is_renamed_;
  }

 private:
  std::string path_;
  int descriptor_;
  bool is_renamed_ = false;
};

// Makes the rename durable after a crash. Errors are ignored: some file systems cannot fsync a directory.
void sync_directory(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

Result<void> replace_file(const std::filesystem::path& path, std::string_view text) {
  std::error_code absent;
  const std::filesystem::path target = std::filesystem::is_symlink(path, absent)
                                           ? std::filesystem::weakly_canonical(path, absent)
                                           : std::filesystem::absolute(path);
  TemporaryFile file(target);
  if (!file.is_open() || !file.take_mode_and_owner_of(target) || !file.write(text) || !file.rename_to(target)) {
    return system_failure("written", path);
  }
  sync_directory(target.parent_path());
  return {};
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) {
    if (std::filesystem::is_directory(path)) errno = EISDIR;
    return system_failure("read", path);
  }
  return read_stream(file, path, bytes_max);
}

// Allocates as data arrives, not `bytes_max` in advance. The bound guards against huge or endless input.
Result<std::string> read_stream(std::istream& stream, const std::filesystem::path& name, std::size_t bytes_max) {
  constexpr std::size_t k_piece_bytes = std::size_t{64} << 10;
  std::string text;
  while (stream && text.size() <= bytes_max) {
    const std::size_t before = text.size();
    text.resize(std::min(before + k_piece_bytes, bytes_max + 1));
    stream.read(text.data() + before, static_cast<std::streamsize>(text.size() - before));
    text.resize(before + static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) return system_failure("read", name);
  if (text.size() > bytes_max) {
    return failure(Errc::invalid, fmt::format("{} is longer than {} bytes", name.string(), bytes_max));
  }
  return text;
}

}  // namespace rollcall::cli
