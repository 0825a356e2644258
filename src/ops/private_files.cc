#include "ops/private_files.h"

#include <cstdlib>
#include <fmt/format.h>
#include <optional>
#include <set>
#include <string_view>

#include "base/file_access.h"
#include "base/log.h"

namespace rollcall::ops {
namespace {

bool is_credential(const std::string& file) {
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory != nullptr && *directory != '\0' && file.starts_with(std::string(directory) + "/");
}

}  // namespace

std::vector<std::string> exposed_files(const Settings& settings) {
  std::vector<std::string> sentences;
  std::set<std::string> seen;
  const auto look_at = [&](std::string_view key, const std::string& file) {
    if (file.empty() || is_credential(file) || !seen.insert(file).second) return;
    if (const std::optional<std::string> why = exposure_of(file)) {
      sentences.push_back(fmt::format("{}: {} holds a secret, and {}", key, file, *why));
    }
  };
  if (settings.holds_secrets) look_at("the settings", settings.file);
  look_at("dns.tls.key", settings.dns_tls.key);
  look_at("http.tls.key", settings.http_tls.key);
  look_at("consul.follow_token_file", settings.consul.follow_token_file);
  if (settings.cluster) {
    look_at("cluster.tls.key", settings.cluster->tls_key);
    look_at("cluster.key_file", settings.cluster->key_file);
    look_at("cluster.etcd_tls.key", settings.cluster->etcd_key);
    look_at("cluster.password_file", settings.cluster->password_file);
  }
  if (settings.etcd) {
    look_at("etcd.tls.key", settings.etcd->key);
    look_at("etcd.password_file", settings.etcd->password_file);
  }
  return sentences;
}

void warn_of_exposed_files(const Settings& settings) {
  for (const std::string& sentence : exposed_files(settings)) log::warn("{}", sentence);
}

}  // namespace rollcall::ops
