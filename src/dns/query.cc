#include "dns/query.h"

namespace rollcall::dns {
namespace {

// Skips one possibly compressed name. Does not follow pointers: the parser needs only the end of the name.
bool skip_name(ByteReader& reader) {
  while (true) {
    const std::uint8_t length = reader.u8();
    if (!reader.ok()) return false;
    if (length == 0) return true;
    if ((length & 0xc0) == 0xc0) {
      reader.u8();
      return reader.ok();
    }
    if (length > limits::k_label_bytes_max) return false;
    reader.skip(length);
  }
}

// RFC 7873 §5.2.2: a client cookie alone, or with a server cookie of 8 to 32 octets.
bool is_cookie_size(std::size_t size) { return size == 8 || (size >= 16 && size <= 40); }

// The options must fill RDATA exactly (RFC 6891 §6.1.2). Unknown ones are ignored.
bool read_options(Bytes rdata, Edns& edns) {
  ByteReader reader(rdata);
  while (reader.left() > 0) {
    const auto option = static_cast<Option>(reader.u16());
    const Bytes content = reader.bytes(reader.u16());
    if (!reader.ok()) return false;
    switch (option) {
      case Option::nsid: edns.nsid = true; break;
      case Option::expire: edns.expire = true; break;
      case Option::tcp_keepalive: edns.keepalive = true; break;
      case Option::padding: edns.padding = true; break;
      case Option::cookie:
        if (!is_cookie_size(content.size())) return false;
        if (edns.cookie.empty()) edns.cookie = content;
        break;
      default: break;
    }
  }
  return true;
}

enum class Section : std::uint8_t { answer, authority, additional };

// RFC 8945 §4.2: the key's name is not compressed, the class is ANY.
bool read_tsig(Bytes message, std::size_t at, std::uint16_t klass, Bytes rdata, Query& query) {
  TsigRecord record;
  QuestionName key;
  if (klass != static_cast<std::uint16_t>(Class::any) || !key.read(message.subspan(at))) return false;
  record.at = at;
  record.key_name = message.subspan(at, key.size);
  if (!read_tsig_rdata(rdata, record)) return false;
  query.tsig = record;
  return true;
}

void read_serial(Bytes rdata, Query& query) {
  if (rdata.size() < k_soa_serial_from_end + 2) return;  // two names come first
  query.ixfr_serial = ByteReader(rdata, rdata.size() - k_soa_serial_from_end).u32();
}

// Reads one record. Uses only OPT, TSIG and the SOA of an IXFR query, and ignores other records. False: FORMERR.
bool read_record(Bytes message, ByteReader& reader, Section section, Query& query) {
  const std::size_t owner_at = reader.at();
  if (!skip_name(reader)) return false;
  const bool owner_is_root = reader.at() == owner_at + 1;
  const auto type = static_cast<Type>(reader.u16());
  const std::uint16_t klass = reader.u16();
  const std::uint32_t ttl = reader.u32();
  const Bytes rdata = reader.bytes(reader.u16());
  if (!reader.ok() || query.tsig) return false;  // RFC 8945 §5.2: only one TSIG, as the last record
  if (type == Type::tsig) return section == Section::additional && read_tsig(message, owner_at, klass, rdata, query);
  if (type == Type::soa && section == Section::authority) read_serial(rdata, query);
  if (type != Type::opt) return true;
  // RFC 6891 §6.1.1: one OPT, in the additional section, owned by the root.
  if (section != Section::additional || !owner_is_root || query.edns) return false;
  query.edns =
      Edns{.payload = klass, .version = static_cast<std::uint8_t>(ttl >> 16), .dnssec_ok = (ttl & 0x8000U) != 0};
  return read_options(rdata, *query.edns);
}

bool read_section(Bytes message, ByteReader& reader, Section section, std::uint16_t count, Query& query) {
  // A record has at least 11 bytes, so the message's size bounds this loop, whatever `count` is.
  for (std::uint16_t i = 0; i < count; ++i) {
    if (!read_record(message, reader, section, query)) return false;
  }
  return true;
}

// The number of records per section, from the header.
struct Counts {
  std::uint16_t questions;
  std::uint16_t answers;
  std::uint16_t authorities;
  std::uint16_t additionals;
};

bool read_records(Bytes message, ByteReader& reader, const Counts& counts, Query& query) {
  return read_section(message, reader, Section::answer, counts.answers, query) &&
         read_section(message, reader, Section::authority, counts.authorities, query) &&
         read_section(message, reader, Section::additional, counts.additionals, query);
}

// A query with OPT gets a response with OPT, even for FORMERR (RFC 6891 §6.1.1). So this searches for OPT in a message
// that is otherwise malformed.
void find_opt(Bytes message, const Counts& counts, Query& query) {
  ByteReader reader(message, k_header_bytes);
  for (std::uint16_t i = 0; i < counts.questions; ++i) {
    if (!skip_name(reader)) return;
    reader.skip(4);
  }
  static_cast<void>(read_records(message, reader, counts, query));
}

bool read_question(Bytes message, Query& query) {
  const Bytes rest = message.subspan(k_header_bytes);
  if (!query.name.read(rest)) return false;
  ByteReader reader(rest, query.name.size);
  query.type = static_cast<Type>(reader.u16());
  query.klass = static_cast<Class>(reader.u16());
  if (!reader.ok()) return false;
  query.question = rest.first(reader.at());
  return true;
}

}  // namespace

Parsed parse_query(Bytes message, Query& query) {
  if (message.size() < k_header_bytes) return Parsed::silence;
  query.id = load_u16(message.data());
  query.flags = load_u16(message.data() + 2);
  if ((query.flags & k_flag_qr) != 0) return Parsed::silence;
  query.opcode = static_cast<Opcode>((query.flags & k_opcode_mask) >> 11);
  query.question = {};
  query.edns.reset();
  query.tsig.reset();
  query.ixfr_serial.reset();
  const Counts counts{load_u16(message.data() + 4), load_u16(message.data() + 6), load_u16(message.data() + 8),
                      load_u16(message.data() + 10)};

  const bool has_question = counts.questions == 1 && read_question(message, query);
  const bool is_believed = query.opcode == Opcode::query && (has_question || counts.questions == 0);
  if (!is_believed) {
    find_opt(message, counts, query);
    return query.opcode != Opcode::query ? Parsed::other_opcode : Parsed::bad_header;
  }
  ByteReader reader(message, k_header_bytes + query.question.size());
  const bool whole = read_records(message, reader, counts, query) && reader.left() == 0;
  if (!has_question) return whole ? Parsed::no_question : Parsed::bad_header;
  return whole ? Parsed::query : Parsed::bad_message;
}

}  // namespace rollcall::dns
