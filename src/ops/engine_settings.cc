#include "ops/engine_settings.h"

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace rollcall::ops {
namespace {

constexpr std::string_view k_white_space = " \t\r\n";

// One file that a key of the settings names.
Result<std::string> read_named_file(const std::string& path, std::string_view key) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, 4'096> part{};
  while (file && text.size() <= limits::k_secret_file_bytes_max) {
    file.read(part.data(), part.size());
    text.append(part.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) {
    const std::string why = errno == 0 ? "it is no file" : std::generic_category().message(errno);
    return failure(Errc::start_up, fmt::format("{}: cannot read {}: {}", key, path, why));
  }
  if (text.size() > limits::k_secret_file_bytes_max) {
    return failure(Errc::start_up, fmt::format("{}: {} is over {} bytes", key, path, limits::k_secret_file_bytes_max));
  }
  return text;
}

// An empty path is a setting left out. `kind`: what the first line of a block in the file says, as "CERTIFICATE".
Result<void> read_pem(std::string& target, const std::string& path, std::string_view key, std::string_view kind) {
  if (path.empty()) return {};
  Result<std::string> text = read_named_file(path, key);
  if (!text) return std::unexpected(text.error());
  const std::size_t begin = text->find("-----BEGIN ");
  if (begin == std::string::npos || text->find(fmt::format("{}-----", kind), begin) == std::string::npos) {
    return failure(Errc::start_up, fmt::format("{}: {} has no {} in PEM", key, path,
                                               kind == "CERTIFICATE" ? "certificate" : "private key"));
  }
  target = std::move(*text);
  return {};
}

struct Files {
  const std::string &ca, &certificate, &key, &password;
};
struct FileKeys {
  std::string_view ca, certificate, key, password;
};

Result<cluster::EngineSettings> read_files(cluster::EngineSettings engine, const Files& files, const FileKeys& keys) {
  if (auto read = read_pem(engine.authorities, files.ca, keys.ca, "CERTIFICATE"); !read) {
    return std::unexpected(read.error());
  }
  if (auto read = read_pem(engine.certificate, files.certificate, keys.certificate, "CERTIFICATE"); !read) {
    return std::unexpected(read.error());
  }
  if (auto read = read_pem(engine.private_key, files.key, keys.key, "PRIVATE KEY"); !read) {
    return std::unexpected(read.error());
  }
  if (!files.password.empty()) {
    Result<std::string> password = read_secret(files.password, keys.password);
    if (!password) return std::unexpected(password.error());
    engine.password = std::move(*password);
  }
  return engine;
}

}  // namespace

Result<std::string> read_secret(const std::string& path, std::string_view key) {
  Result<std::string> text = read_named_file(path, key);
  if (!text) return text;
  const std::size_t begin = text->find_first_not_of(k_white_space);
  if (begin == std::string::npos) return failure(Errc::start_up, fmt::format("{}: {} is empty", key, path));
  return text->substr(begin, text->find_last_not_of(k_white_space) + 1 - begin);
}

Result<cluster::EngineSettings> engine_settings_of(const ClusterSettings& settings) {
  return read_files(
      {.endpoints = settings.etcd, .user = settings.user},
      {settings.etcd_ca, settings.etcd_certificate, settings.etcd_key, settings.password_file},
      {"cluster.etcd_tls.ca", "cluster.etcd_tls.certificate", "cluster.etcd_tls.key", "cluster.password_file"});
}

Result<cluster::EngineSettings> engine_settings_of(const EtcdSettings& settings) {
  return read_files({.endpoints = settings.endpoints, .user = settings.user},
                    {settings.ca, settings.certificate, settings.key, settings.password_file},
                    {"etcd.tls.ca", "etcd.tls.certificate", "etcd.tls.key", "etcd.password_file"});
}

Result<cluster::EngineSettings> engine_settings_of(const Settings& settings) {
  check(settings.cluster || settings.etcd, "an engine is wanted where settings name etcd");
  return settings.cluster ? engine_settings_of(*settings.cluster) : engine_settings_of(*settings.etcd);
}

}  // namespace rollcall::ops
