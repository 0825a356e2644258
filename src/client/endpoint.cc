#include "rollcall/endpoint.h"

#include <algorithm>

#include "client/endpoint_key.h"
#include "dns/name.h"

namespace rollcall {

std::string Endpoint::text() const {
  const std::string& host = address();
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

namespace client {

std::string key_of(const Endpoint& endpoint) {
  std::string key = endpoint.target;
  std::ranges::transform(key, key.begin(),
                         [](char c) { return static_cast<char>(dns::fold(static_cast<std::uint8_t>(c))); });
  return key + ":" + std::to_string(endpoint.port);
}

}  // namespace client
}  // namespace rollcall
