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
void split_into(std::vector<std::string>& list, const char* text) {
  if (text == nullptr) return;
  std::vector<std::string> words;
  std::string word;
  for (const char octet : std::string_view(text)) {
    if (octet != ',' && octet != ' ') {
      word += octet;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  if (!words.empty()) list = std::move(words);
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
  split_into(globals.http, std::getenv("ROLLCALL_HTTP"));
  split_into(globals.dns, std::getenv("ROLLCALL_DNS"));
  if (const char* token = std::getenv("ROLLCALL_TOKEN")) globals.token = token;
  return globals;
}

void declare_globals(Options& options, Globals& globals) {
  options.value("--http", "URL", globals.http,
                "the registry's HTTP API, also ADDR:PORT; of several the next is asked when one is away "
                "(ROLLCALL_HTTP; default http://127.0.0.1:8500)");
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

Result<client::HttpSettings> http_settings(const Globals& globals) {
  client::HttpSettings settings;
  settings.urls = globals.http;
  settings.token = globals.token;
  settings.ca_file = globals.ca_file;
  settings.certificate_file = globals.certificate_file;
  settings.key_file = globals.key_file;
  settings.timeout = globals.timeout;
  if (!globals.token_file.empty()) {
    Result<std::string> token = read_token(globals.token_file);
    if (!token) return std::unexpected(token.error());
    settings.token = std::move(*token);
  }
  if (!is_token(settings.token)) return failure(Errc::invalid, "the token has characters that no token has");
  return settings;
}

}  // namespace rollcall::cli
