#include "fuzz/check_response.h"

#include <algorithm>
#include <boost/json.hpp>

#include "fuzz/targets.h"

namespace rollcall::fuzz {

void check_response(const api::Response& response) {
  constexpr unsigned k_statuses[] = {200, 201, 204, 400, 404, 405, 409, 413, 503};
  expect(std::ranges::find(k_statuses, response.status) != std::end(k_statuses), "the status is one of the contract's");
  expect((response.status == 204) == response.body.empty(), "204 and nothing else has no body");
  const bool is_problem = response.content_type == "application/problem+json";
  expect((response.status >= 400) == is_problem, "an error is a problem, and nothing else is");
  if (!is_problem && response.content_type != "application/json") return;
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(response.body, error);
  expect(!error && body.is_object(), "a body is a JSON object");
  if (!is_problem) return;
  for (const auto* member : {"type", "title", "status", "detail"}) {
    expect(body.as_object().contains(member), "a problem says what RFC 9457 wants");
  }
}

}  // namespace rollcall::fuzz
