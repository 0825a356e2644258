#include "answer/encode/reply_options.h"

#include "base/check.h"

namespace rollcall::answer {

bool Options::add(dns::Option option, Bytes content) {
  ByteWriter out(WritableBytes(octets_).subspan(size_));
  out.u16(static_cast<std::uint16_t>(option));
  out.u16(static_cast<std::uint16_t>(content.size()));
  out.bytes(content);
  if (!out.ok()) return false;
  size_ += out.size();
  check(size_ <= octets_.size(), "options are within their room");
  return true;
}

void Options::add_expire(const dns::Query& query, std::uint32_t expire_seconds) {
  if (!query.edns || !query.edns->expire) return;
  std::array<std::uint8_t, 4> seconds{};
  store_u32(seconds.data(), expire_seconds);
  add(dns::Option::expire, seconds);
}

}  // namespace rollcall::answer
