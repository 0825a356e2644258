#include "conformance/message.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "dns/name.h"

namespace rollcall::conformance {
namespace {

void put_u16(Octets& to, std::uint16_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

void put_u32(Octets& to, std::uint32_t value) {
  put_u16(to, static_cast<std::uint16_t>(value >> 16));
  put_u16(to, static_cast<std::uint16_t>(value));
}

void append(Octets& to, const Octets& more) { to.insert(to.end(), more.begin(), more.end()); }

struct Broken {
  std::string why;
};

// Throws Broken; parse_message catches.
class Parser {
 public:
  explicit Parser(std::span<const std::uint8_t> octets) : octets_(octets) {}

  Message parse() {
    Message message;
    message.octets.assign(octets_.begin(), octets_.end());
    message.id = u16();
    message.flags = u16();
    std::array<std::uint16_t, 4> counts{};
    for (std::uint16_t& count : counts) count = u16();
    if (counts[0] > 1) throw Broken{"more than one question"};
    if (counts[0] == 1) {
      const std::size_t start = at_;
      static_cast<void>(read_name());
      u32();
      message.question.assign(octets_.begin() + static_cast<std::ptrdiff_t>(start),
                              octets_.begin() + static_cast<std::ptrdiff_t>(at_));
    }
    for (std::size_t section = 0; section < 3; ++section) {
      for (std::uint16_t i = 0; i < counts[section + 1]; ++i) put(message, section, read_record());
    }
    if (at_ != octets_.size()) throw Broken{"octets behind the last record"};
    return message;
  }

 private:
  static void put(Message& message, std::size_t section, Record record) {
    if (record.type != dns::Type::opt) return message.sections[section].push_back(std::move(record));
    if (section != 2) throw Broken{"OPT outside the additional section"};
    if (message.opt) throw Broken{"two OPT records"};
    if (record.owner.size() != 1) throw Broken{"OPT not owned by the root"};
    message.opt = std::move(record);
  }

  std::uint8_t u8() {
    if (at_ >= octets_.size()) throw Broken{"cut short"};
    return octets_[at_++];
  }
  std::uint16_t u16() {
    const unsigned high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }

  Octets read_name() {
    Octets wire;
    std::size_t place = at_;
    std::size_t name_start = at_;  // a pointer leads to what stood before the piece it ends
    bool jumped = false;
    while (true) {
      if (place >= octets_.size()) throw Broken{"a name cut short"};
      const std::uint8_t length = octets_[place];
      if ((length & 0xc0) == 0xc0) {
        if (place + 1 >= octets_.size()) throw Broken{"half a pointer"};
        const std::size_t target = static_cast<std::size_t>(length & 0x3f) << 8 | octets_[place + 1];
        if (!jumped) at_ = place + 2;
        jumped = true;
        if (target >= name_start || target < 12) throw Broken{"a pointer that does not lead to an earlier name"};
        place = name_start = target;
        continue;
      }
      if (length > 63) throw Broken{"an unknown type of label"};
      if (place + 1 + length > octets_.size()) throw Broken{"a label cut short"};
      const auto first = octets_.begin() + static_cast<std::ptrdiff_t>(place);
      wire.insert(wire.end(), first, first + 1 + length);
      if (wire.size() > 255) throw Broken{"a name of more than 255 octets"};
      place += 1U + length;
      if (length == 0) break;
    }
    if (!jumped) at_ = place;
    return wire;
  }

  Record read_record() {
    Record record;
    record.at = at_;
    record.owner = read_name();
    record.type = static_cast<dns::Type>(u16());
    record.klass = u16();
    record.ttl = u32();
    const std::size_t size = u16();
    record.rdata_at = at_;
    if (octets_.size() - at_ < size) throw Broken{"RDATA cut short"};
    const auto first = octets_.begin() + static_cast<std::ptrdiff_t>(at_);
    record.rdata.assign(first, first + static_cast<std::ptrdiff_t>(size));
    at_ += size;
    return record;
  }

  std::span<const std::uint8_t> octets_;
  std::size_t at_ = 0;
};

}  // namespace

Octets message(const Header& header, std::initializer_list<Octets> parts) {
  Octets octets;
  for (const std::uint16_t word :
       {header.id, header.flags, header.questions, header.answers, header.authorities, header.additionals}) {
    put_u16(octets, word);
  }
  for (const Octets& part : parts) append(octets, part);
  return octets;
}

Octets name(std::string_view presentation) {
  const auto parsed = dns::Name::parse(presentation);
  if (!parsed) throw std::invalid_argument("no name: " + std::string(presentation));
  return {parsed->wire().begin(), parsed->wire().end()};
}

Octets question(const Octets& qname, dns::Type type, std::uint16_t klass) {
  Octets octets = qname;
  put_u16(octets, static_cast<std::uint16_t>(type));
  put_u16(octets, klass);
  return octets;
}

Octets question(std::string_view qname, dns::Type type, std::uint16_t klass) {
  return question(name(qname), type, klass);
}

Octets record(const Octets& owner, dns::Type type, std::uint16_t klass, std::uint32_t ttl, const Octets& rdata) {
  Octets octets = question(owner, type, klass);
  put_u32(octets, ttl);
  put_u16(octets, static_cast<std::uint16_t>(rdata.size()));
  append(octets, rdata);
  return octets;
}

Octets opt(std::uint16_t payload, std::uint32_t ttl, const Octets& options) {
  return record({0}, dns::Type::opt, payload, ttl, options);
}

Octets option(std::uint16_t code, const Octets& value) {
  Octets octets;
  put_u16(octets, code);
  put_u16(octets, static_cast<std::uint16_t>(value.size()));
  append(octets, value);
  return octets;
}

std::expected<Message, std::string> parse_message(std::span<const std::uint8_t> octets) {
  try {
    return Parser(octets).parse();
  } catch (const Broken& broken) {
    return std::unexpected(broken.why);
  }
}

}  // namespace rollcall::conformance
