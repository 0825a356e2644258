#include "ops/credentials.h"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace rollcall::ops {
namespace {

constexpr std::string_view k_prefix = "credential:";
constexpr std::size_t k_credential_bytes_max = 4096;  // a secret is a line

}  // namespace

std::optional<std::string_view> credential_in(std::string_view text) {
  if (!text.starts_with(k_prefix)) return std::nullopt;
  return text.substr(k_prefix.size());
}

Result<std::string> credential_path(std::string_view name) {
  const bool is_name =
      !name.empty() && name != "." && name != ".." && name.find_first_of(std::string_view("/\0", 2)) == name.npos;
  if (!is_name) {
    return failure(Errc::start_up,
                   fmt::format(R"("{}{}" names no credential; write "credential:NAME")", k_prefix, name));
  }
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0') {
    return failure(Errc::start_up,
                   fmt::format("the credential {0} is not there: no service manager has handed over any; "
                               "write LoadCredential={0}:FILE in the unit",
                               name));
  }
  std::error_code unreadable;
  const std::filesystem::path path = std::filesystem::path(directory) / name;
  if (!std::filesystem::exists(path, unreadable)) {
    return failure(Errc::start_up,
                   fmt::format("the credential {0} is not there; write LoadCredential={0}:FILE in the unit", name));
  }
  return path.string();
}

Result<std::string> text_or_credential(std::string_view text) {
  const std::optional<std::string_view> name = credential_in(text);
  if (!name) return std::string(text);
  const Result<std::string> path = credential_path(*name);
  if (!path) return path;
  std::ifstream file(*path, std::ios::binary);
  std::string held(k_credential_bytes_max + 1, '\0');
  file.read(held.data(), static_cast<std::streamsize>(held.size()));
  if (!file.is_open() || file.bad()) {
    return failure(Errc::start_up, fmt::format("the credential {} cannot be read", *name));
  }
  held.resize(static_cast<std::size_t>(file.gcount()));
  if (held.size() > k_credential_bytes_max) {
    return failure(Errc::start_up,
                   fmt::format("the credential {} has more than {} octets", *name, k_credential_bytes_max));
  }
  if (held.ends_with('\n')) held.pop_back();
  return held;
}

}  // namespace rollcall::ops
