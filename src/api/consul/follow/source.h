// A Consul that is followed, as it answers: where it is, which services it has, and the instances of one.
//
// Shape    pure functions and values. The text of an answer is untrusted.
// Failure  Errc::invalid for a bad URL; Errc::unreachable, one sentence, for an answer that no Consul gives.
// Source   docs/from-consul.md; Consul's documentation of /v1/catalog/services and /v1/health/service.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_url.h"
#include "base/result.h"

namespace rollcall::api::consul {

// In the meta of a node: the instance was taken over from the Consul with this authority.
inline constexpr std::string_view k_taken_over_mark = "imported-from";

// The port is 8500, or 443 for https, where the URL names none.
using SourceUrl = HttpUrl;
[[nodiscard]] Result<SourceUrl> parse_source_url(std::string_view text);

// The target of a query that waits for the next change after `index`; 0: it is answered at once.
[[nodiscard]] std::string waiting_target(std::string_view path, std::uint64_t index, std::chrono::milliseconds wait);
[[nodiscard]] std::string path_of_service(std::string_view name);

struct SourceInstance {
  std::string node;
  std::string id;
  std::string address;  // of the service, else of its node
  std::uint16_t port = 0;
  std::vector<std::string> checks;  // their ids here
  std::string body;                 // for catalog/register
};
struct SourceService {
  std::vector<SourceInstance> instances;
  std::vector<std::string> left_out;  // a sentence for each
};

[[nodiscard]] Result<std::vector<std::string>> read_source_names(std::string_view body);
// `authority`: what its instances are marked with.
[[nodiscard]] Result<SourceService> read_source_service(std::string_view body, const std::string& authority);

}  // namespace rollcall::api::consul
