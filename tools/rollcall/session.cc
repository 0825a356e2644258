#include "tools/rollcall/session.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

#include "base/http_url.h"
#include "base/limits.h"
#include "client/problem.h"
#include "tools/rollcall/exit_code.h"

namespace rollcall::cli {

namespace json = boost::json;

Session::Session(Globals globals)
    : globals_(std::move(globals)), is_colored_(wants_color(globals_.color, STDOUT_FILENO)) {}

Result<client::HttpClient*> Session::client() {
  if (client_) return &*client_;
  const Result<client::HttpSettings> settings = http_settings(globals_);
  if (!settings) return std::unexpected(settings.error());
  Result<client::HttpClient> opened = client::HttpClient::open(*settings);
  if (!opened) return std::unexpected(opened.error());
  client_.emplace(std::move(*opened));
  return &*client_;
}

Result<json::value> Session::ask(const client::HttpRequest& request) {
  const Result<client::HttpClient*> asked = client();
  if (!asked) return std::unexpected(asked.error());
  const Result<client::HttpResponse> response = (*asked)->call(request);
  if (!response) return std::unexpected(response.error());
  if (!response->is_ok()) return std::unexpected(client::problem_of(*response));
  if (response->body.empty()) return json::value(nullptr);
  json::parse_options options;
  options.max_depth = limits::k_json_depth_max;
  boost::system::error_code error;
  json::value value = json::parse(response->body, error, {}, options);
  if (error) return failure(Errc::unreachable, "what answers there is no registry: its answer is not JSON");
  return value;
}

Result<json::value> Session::get(std::string target) {
  client::HttpRequest request;
  request.target = std::move(target);
  return ask(request);
}

void Session::print(std::string_view text) const {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return;
  std::perror("rollcall: cannot print");
  std::_Exit(k_refused);
}

void Session::print_json(const json::value& value) const { print(json::serialize(value) + "\n"); }

void Session::remark(std::string_view sentence) const { fmt::print(stderr, "rollcall: {}\n", sentence); }

std::string target_of(std::string_view path, std::initializer_list<std::string_view> segments, Parameters parameters) {
  std::string target(path);
  for (const std::string_view segment : segments) {
    // A segment with a slash before it is a word of the API, "/drain".
    if (segment.empty()) continue;
    target += segment.starts_with('/') ? std::string(segment) : "/" + encode_segment(segment);
  }
  char separator = '?';
  for (const auto& [key, value] : parameters) {
    if (value.empty()) continue;
    target += fmt::format("{}{}={}", std::exchange(separator, '&'), key, encode_segment(value));
  }
  return target;
}

}  // namespace rollcall::cli
