#include "api/problem.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/check.h"
#include "json/writer.h"

namespace rollcall::api {
namespace {

constexpr std::string_view k_problem_type = "application/problem+json";

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

}  // namespace

Response problem(Refusal refusal) {
  check(!refusal.code.empty(), "a refusal has a code");
  json::Writer json;
  json.open_object()
      .member("type", std::string("urn:rollcall:").append(refusal.code))
      .member("title", title_of(refusal.code))
      .member("status", refusal.status)
      .member("detail", readable(std::move(refusal.detail)));
  if (!refusal.field.empty()) json.member("field", readable(std::move(refusal.field)));
  return Response{refusal.status, k_problem_type, json.close_object().take(), std::move(refusal.headers)};
}

}  // namespace rollcall::api
