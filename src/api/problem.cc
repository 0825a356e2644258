#include "api/problem.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "api/json_writer.h"
#include "base/log.h"

namespace rollcall::api {
namespace {

constexpr std::string_view k_problem_type = "application/problem+json";

struct Kind {
  unsigned status;
  std::string_view code;
};

Kind kind_of(const Error& error) {
  switch (error.code) {
    case Errc::invalid: return {400, error.field.empty() ? "invalid_request" : "invalid_field"};
    case Errc::malformed: return {400, "bad_json"};
    case Errc::unknown_zone: return {404, "unknown_zone"};
    case Errc::unknown_service: return {404, "unknown_service"};
    case Errc::unknown_instance: return {404, "unknown_instance"};
    case Errc::conflict: return {409, "conflict"};
    case Errc::store_busy: return {503, "store_busy"};
    case Errc::store_failed: return {503, "store_failed"};
    case Errc::overloaded: return {503, "overloaded"};
    case Errc::unauthenticated: return {401, "unauthenticated"};  // RFC 9110 §15.5.2
    case Errc::forbidden: return {403, "forbidden"};              // RFC 9110 §15.5.4
    case Errc::start_up:
    case Errc::unreachable: break;  // never reach a client
  }
  return {500, "internal"};
}

// "no_such_path" reads "No such path".
std::string title_of(std::string_view code) {
  if (code == "bad_json") return "Bad JSON";
  std::string title(code);
  for (char& c : title) {
    if (c == '_') c = ' ';
  }
  if (!title.empty() && title.front() >= 'a' && title.front() <= 'z')
    title.front() = static_cast<char>(title[0] & ~0x20);
  return title;
}

// A sentence may quote what a client sent, cut anywhere. The JSON library is the judge of what is UTF-8.
std::string readable(std::string text) {
  boost::json::error_code error;
  static_cast<void>(boost::json::parse(boost::json::serialize(text), error));
  if (!error) return text;
  for (char& c : text) {
    if ((static_cast<unsigned char>(c) & 0x80U) != 0) c = '?';
  }
  return text;
}

Response build(Kind kind, std::string detail, std::string field) {
  JsonWriter json;
  json.open_object()
      .member("type", std::string("urn:rollcall:").append(kind.code))
      .member("title", title_of(kind.code))
      .member("status", kind.status)
      .member("detail", readable(std::move(detail)));
  if (!field.empty()) json.member("field", readable(std::move(field)));
  Response response{kind.status, k_problem_type, json.close_object().take(), {}};
  if (kind.status == 503) response.headers.emplace_back("Retry-After", "1");
  if (kind.status == 401)
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"rollcall\"");  // RFC 6750 §3
  return response;
}

}  // namespace

Response problem(const Error& error) {
  const Kind kind = kind_of(error);
  if (error.code == Errc::store_busy || error.code == Errc::store_failed || kind.status == 500) {
    log::warn("answered {} {}: {}", kind.status, kind.code, error.message);
  } else {
    log::debug("answered {} {}: {}", kind.status, kind.code, error.message);
  }
  return build(kind, error.message, error.field);
}

Response problem(unsigned status, std::string_view code, std::string detail) {
  log::debug("answered {} {}: {}", status, code, detail);
  return build({status, code}, std::move(detail), {});
}

}  // namespace rollcall::api
