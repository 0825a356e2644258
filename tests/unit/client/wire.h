// Messages of name servers, written down: records in presentation form.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "dns/name.h"
#include "dns/types.h"

namespace rollcall::client {

inline const std::string k_web = "web.svc.internal.";

struct Line {
  std::string owner;
  std::uint32_t ttl = 0;
  dns::Type type = dns::Type::none;
  std::string rdata = {};
};

struct Reply {
  dns::Rcode rcode = dns::Rcode::noerror;
  std::vector<Line> answer = {};
  std::vector<Line> authority = {};
  std::vector<Line> additional = {};
  bool is_truncated = false;
};

// The message that answers this question.
[[nodiscard]] std::vector<std::uint8_t> write_reply(const Reply& reply, const dns::Name& asked, dns::Type type,
                                                    std::uint16_t id = 0);

[[nodiscard]] dns::Name name(const std::string& text);

}  // namespace rollcall::client
