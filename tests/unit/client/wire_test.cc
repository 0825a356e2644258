#include "unit/client/wire.h"

#include <array>

#include "base/check.h"
#include "dns/query.h"
#include "dns/rdata.h"

// Called on a server's thread, too, where Catch's own assertions would race.
namespace rollcall::client {
namespace {

void put(ByteWriter& writer, const Line& line) {
  const auto rdata = dns::parse_rdata(line.type, line.rdata);
  check(rdata.has_value(), "a test's record can be read");
  writer.bytes(name(line.owner).wire());
  writer.u16(static_cast<std::uint16_t>(line.type));
  writer.u16(1);
  writer.u32(line.ttl);
  writer.u16(static_cast<std::uint16_t>(rdata->size()));
  writer.bytes(rollcall::octets(*rdata));
}

}  // namespace

dns::Name name(const std::string& text) {
  const auto parsed = dns::Name::parse(text);
  check(parsed.has_value(), "a test's name is one");
  return *parsed;
}

std::vector<std::uint8_t> write_reply(const Reply& reply, const dns::Name& asked, dns::Type type, std::uint16_t id) {
  std::vector<std::uint8_t> room(65535);
  ByteWriter writer(room);
  writer.u16(id);
  writer.u16(
      static_cast<std::uint16_t>(0x8400U | (reply.is_truncated ? 0x0200U : 0U) | static_cast<unsigned>(reply.rcode)));
  writer.u16(1);
  const std::array sections{&reply.answer, &reply.authority, &reply.additional};
  for (const auto* section : sections) writer.u16(static_cast<std::uint16_t>(section->size()));
  writer.bytes(asked.wire());
  writer.u16(static_cast<std::uint16_t>(type));
  writer.u16(1);
  for (const auto* section : sections) {
    for (const Line& line : *section) put(writer, line);
  }
  check(writer.ok(), "a test's message fits");
  room.resize(writer.size());
  return room;
}

}  // namespace rollcall::client
