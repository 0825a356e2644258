#include "tools/rollcall/globals.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <string_view>
#include <system_error>

#include "base/limits.h"

namespace rollcall::cli {
namespace {

// Splits a list at commas and blanks.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char octet : text) {
    if (octet != ',' && octet != ' ') {
      word += octet;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

Result<std::string> read_token(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  // Reads only the first line, and no more than the longest token: the file may be huge or binary.
  std::array<char, limits::k_token_bytes_max + 3> line{};  // one character over the limit, and the line end
  file.getline(line.data(), static_cast<std::streamsize>(line.size()));
  std::string token(line.data());
  if (!file.is_open() || file.bad()) {
    return failure(Errc::invalid, fmt::format("cannot read {}: {}", path, std::generic_category().message(errno)));
  }
  while (!token.empty() && (token.back() == '\r' || token.back() == ' ')) token.pop_back();
  if (token.empty()) return failure(Errc::invalid, fmt::format("{} has no token in its first line", path));
  return token;
}

// RFC 6750 §2.1. Prevents header injection: CR or LF in the token would end the header field, or start a new one.
bool is_token(std::string_view text) {
  for (const char octet : text) {
    if (octet <= ' ' || octet > '~') return false;
  }
  return text.size() <= limits::k_token_bytes_max;
}

}  // namespace

Globals globals_of_environment() {
  Globals globals;
  if (const char* http = std::getenv("ROLLCALL_HTTP"); http != nullptr && !words_of(http).empty()) {
    globals.http = {http};
  }
  if (const char* dns = std::getenv("ROLLCALL_DNS")) globals.dns = words_of(dns);
  if (const char* token = std::getenv("ROLLCALL_TOKEN")) globals.token = token;
  return globals;
}

void declare_globals(Options& options, Globals& globals) {
  options.value(
      "--http", "URL", globals.http,
      "the registry's HTTP API, also ADDR:PORT; with commas its nodes, of which the next is asked when one is "
      "away or refuses; repeated: other registries (ROLLCALL_HTTP; default http://127.0.0.1:8500)");
  options.value("--dns", "ADDR:PORT", globals.dns,
                "the DNS server that `resolve` asks (ROLLCALL_DNS; default the system's)");
  options.value("--token", "TOKEN", globals.token,
                "the token to show (ROLLCALL_TOKEN, or --token-file, which others on this machine cannot see)");
  options.value("--token-file", "FILE", globals.token_file, "the token is the first line of FILE").offers(Offer::files);
  options.value("--cacert", "FILE", globals.ca_file, "trust these certificates (PEM; default the system's)")
      .offers(Offer::files);
  options.value("--cert", "FILE", globals.certificate_file, "show this certificate (PEM)").offers(Offer::files);
  options.value("--key", "FILE", globals.key_file, "its key, where it is not in the same file").offers(Offer::files);
  options.value("--zone", "ZONE", globals.zone, "the zone meant (default the server's first)");
  options.value("--timeout", "TIME", globals.timeout, "the longest wait for an answer (default 5s)");
  options.flag("--json", globals.wants_json, "print JSON, for programs");
  options.value("--color", "WHEN", globals.color, "colour in the output; auto: on a terminal, unless NO_COLOR is set")
      .one_of({"auto", "always", "never"});
  options.mark_global();
}

std::vector<std::string> nodes_of(std::string_view registry) { return words_of(registry); }

std::vector<std::string> nodes_of(const Globals& globals) {
  std::vector<std::string> all;
  for (const std::string& registry : globals.http) {
    for (std::string& node : nodes_of(registry)) all.push_back(std::move(node));
  }
  return all;
}

Result<client::HttpSettings> http_settings(const Globals& globals) {
  client::HttpSettings settings;
  settings.urls = nodes_of(globals);
  settings.token = globals.token;
  settings.ca_file = globals.ca_file;
  settings.certificate_file = globals.certificate_file;
  settings.key_file = globals.key_file;
  settings.timeout = globals.timeout;
  if (!globals.token_file.empty()) {
    Result<std::string> token = read_token(globals.token_file);
    if (!token) return failure(token.error().code, "--token-file: " + token.error().message);
    settings.token = std::move(*token);
  }
  if (!is_token(settings.token)) return failure(Errc::invalid, "the token has characters that no token has");
  return settings;
}

}  // namespace rollcall::cli
