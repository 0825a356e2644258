#include "conformance/text.h"

#include <algorithm>
#include <cstdlib>
#include <ldns/ldns.h>
#include <memory>
#include <regex>
#include <stdexcept>

#include "dns/name.h"

namespace rollcall::conformance {
namespace {

struct FreePacket {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
};
struct FreeText {
  void operator()(char* text) const { std::free(text); }
};

ldns_rr_list* list_of(const ldns_pkt& packet, Section section) {
  switch (section) {
    case Section::answer: return ldns_pkt_answer(&packet);
    case Section::authority: return ldns_pkt_authority(&packet);
    case Section::additional: return ldns_pkt_additional(&packet);
  }
  return nullptr;
}

std::string rcode_text(unsigned rcode) {
  switch (rcode) {
    case 0: return "NOERROR";
    case 1: return "FORMERR";
    case 2: return "SERVFAIL";
    case 3: return "NXDOMAIN";
    case 4: return "NOTIMP";
    case 5: return "REFUSED";
    case 6: return "YXDOMAIN";
    case 9: return "NOTAUTH";
    case 16: return "BADVERS";
    default: return "RCODE" + std::to_string(rcode);
  }
}

}  // namespace

Lines texts(const Message& message, Section section) {
  ldns_pkt* raw = nullptr;
  const ldns_status status = ldns_wire2pkt(&raw, message.octets.data(), message.octets.size());
  const std::unique_ptr<ldns_pkt, FreePacket> packet(raw);
  if (status != LDNS_STATUS_OK) throw std::runtime_error(ldns_get_errorstr_by_id(status));
  Lines lines;
  const ldns_rr_list* list = list_of(*packet, section);
  for (std::size_t i = 0; list != nullptr && i < ldns_rr_list_rr_count(list); ++i) {
    const std::unique_ptr<char, FreeText> text(ldns_rr2str(ldns_rr_list_rr(list, i)));
    std::string line(text.get());
    while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
    std::ranges::replace(line, '\t', ' ');
    // The serial of a zone with a roll moves: it is told as the file has it.
    static const std::regex k_serial(R"(( SOA \S+ \S+) \d+)");
    lines.push_back(std::regex_replace(line, k_serial, "$1 1"));
  }
  return lines;
}

Lines sorted(Lines lines) {
  std::ranges::sort(lines);
  return lines;
}

std::string head(const Message& message) {
  std::string text = rcode_text(message.rcode());
  constexpr std::pair<std::uint16_t, std::string_view> k_flags[] = {{0x0400, " AA"}, {0x0200, " TC"}, {0x0100, " RD"},
                                                                    {0x0080, " RA"}, {0x0040, " Z"},  {0x0020, " AD"},
                                                                    {0x0010, " CD"}};
  for (const auto& [flag, word] : k_flags) {
    if (message.has(flag)) text += word;
  }
  return text;
}

std::string shape(const Message& message) {
  std::string text = head(message) + ' ';
  for (std::size_t i = 0; i < message.sections.size(); ++i) {
    text += (i == 0 ? "" : "/") + std::to_string(message.sections[i].size());
  }
  return text;
}

std::string name_text(const Octets& wire) {
  const auto parsed = dns::Name::parse_wire(wire);
  return parsed ? parsed->text() : "no name";
}

}  // namespace rollcall::conformance
