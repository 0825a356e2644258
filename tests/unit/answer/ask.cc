#include "unit/answer/ask.h"

#include <algorithm>
#include <cstdlib>
#include <ldns/ldns.h>
#include <memory>

#include "base/bytes.h"
#include "catch.h"
#include "dns/name.h"
#include "dns/query.h"

namespace rollcall::answer::testing {
namespace {

struct FreePacket {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
};
struct FreeText {
  void operator()(char* text) const { std::free(text); }
};
using Text = std::unique_ptr<char, FreeText>;

// ldns prints "owner<tab>ttl<tab>class<tab>type<tab>rdata<newline>".
std::string line_of(const ldns_rr* record) {
  const Text text(ldns_rr2str(record));
  std::string line(text.get());
  if (line.ends_with('\n')) line.pop_back();
  std::ranges::replace(line, '\t', ' ');
  if (const std::size_t at = line.find(" IN "); at != std::string::npos) line.erase(at, 3);
  return line;
}

std::vector<std::string> lines_of(const ldns_rr_list* records) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(records); ++i) {
    lines.push_back(line_of(ldns_rr_list_rr(records, i)));
  }
  return lines;
}

std::string flags_of(const ldns_pkt& packet) {
  std::string flags;
  const auto add = [&](bool is_set, const char* name) {
    if (is_set) flags += (flags.empty() ? "" : " ") + std::string(name);
  };
  add(ldns_pkt_qr(&packet), "qr");
  add(ldns_pkt_aa(&packet), "aa");
  add(ldns_pkt_tc(&packet), "tc");
  add(ldns_pkt_rd(&packet), "rd");
  add(ldns_pkt_ra(&packet), "ra");
  add(ldns_pkt_ad(&packet), "ad");
  add(ldns_pkt_cd(&packet), "cd");
  return flags;
}

}  // namespace

std::vector<std::uint8_t> query_of(const Ask& ask) {
  const std::optional<dns::Name> name = dns::Name::parse(ask.name);
  if (!name) FAIL("no name: " << ask.name);
  std::vector<std::uint8_t> message(512);
  ByteWriter out(message);
  out.u16(ask.id);
  out.u16(ask.recursion_desired ? dns::k_flag_rd : 0);
  out.u16(1);
  out.u16(0);
  out.u16(0);
  out.u16(ask.payload ? 1 : 0);
  out.bytes(name->wire());
  out.u16(static_cast<std::uint16_t>(ask.type));
  out.u16(static_cast<std::uint16_t>(dns::Class::in));
  if (ask.payload) {
    out.u8(0);
    out.u16(static_cast<std::uint16_t>(dns::Type::opt));
    out.u16(*ask.payload);
    out.u32(0);
    out.u16(0);
  }
  message.resize(out.size());
  return message;
}

dns::Type type_of(std::string_view mnemonic) {
  const ldns_rr_type type = ldns_get_rr_type_by_name(std::string(mnemonic).c_str());
  if (type == 0) FAIL("no type: " << mnemonic);
  return static_cast<dns::Type>(type);
}

Answered read_answer(const Ask& ask, Bytes message) {
  ldns_pkt* raw = nullptr;
  const ldns_status status = ldns_wire2pkt(&raw, message.data(), message.size());
  const std::unique_ptr<ldns_pkt, FreePacket> packet(raw);
  if (status != LDNS_STATUS_OK) FAIL(ask.name << ": ldns says " << ldns_get_errorstr_by_id(status));
  const std::vector<std::uint8_t> query = query_of(ask);
  const std::size_t question_end = query.size() - (ask.payload ? dns::k_opt_bytes : 0);
  const bool is_echoed =
      message.size() >= question_end &&
      std::equal(query.begin() + dns::k_header_bytes, query.begin() + static_cast<std::ptrdiff_t>(question_end),
                 message.begin() + dns::k_header_bytes);
  if (!is_echoed || ldns_pkt_id(packet.get()) != ask.id) FAIL(ask.name << ": the question did not come back");

  Answered answered;
  answered.size = message.size();
  const Text rcode(ldns_pkt_rcode2str(ldns_pkt_get_rcode(packet.get())));
  answered.rcode = rcode.get();
  answered.flags = flags_of(*packet);
  answered.truncated = ldns_pkt_tc(packet.get());
  answered.answer = lines_of(ldns_pkt_answer(packet.get()));
  answered.authority = lines_of(ldns_pkt_authority(packet.get()));
  answered.additional = lines_of(ldns_pkt_additional(packet.get()));
  answered.has_opt = ldns_pkt_edns(packet.get());
  return answered;
}

std::vector<std::string> sorted(std::vector<std::string> records) {
  std::ranges::sort(records);
  return records;
}

std::vector<std::string> rdata_ends(const std::vector<std::string>& records) {
  std::vector<std::string> ends;
  for (const std::string& record : records) ends.push_back(record.substr(record.rfind(' ') + 1));
  return ends;
}

std::uint32_t ttl_of(const std::vector<std::string>& records) {
  if (records.empty()) FAIL("no records, no TTL");
  std::optional<unsigned long> ttl;
  for (const std::string& record : records) {
    const unsigned long own = std::stoul(record.substr(record.find(' ') + 1));
    if (ttl && *ttl != own) FAIL("two TTLs in one RRset: " << record);
    ttl = own;
  }
  return static_cast<std::uint32_t>(*ttl);
}

}  // namespace rollcall::answer::testing
