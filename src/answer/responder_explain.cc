// `_explain.<name>` TXT: why the DNS answers as it does, in the DNS. Where the settings have it.
#include <algorithm>
#include <string>
#include <string_view>

#include "answer/exchange.h"
#include "answer/explain/explain.h"
#include "base/limits.h"
#include "base/rcu.h"
#include "dns/rdata.h"

namespace rollcall::answer {
namespace {

using dns::Rcode;
using dns::Type;

constexpr std::string_view k_label = "_explain";

struct AskedWhy {
  dns::Name name;
  Type type = Type::a;
};

dns::Name name_from(const dns::QuestionName& name, std::size_t first_label) {
  const std::string_view suffix = name.suffix(first_label);
  return dns::Name::parse_wire(octets(suffix)).value_or(dns::Name());
}

// `_explain.NAME`, or `_TYPE._explain.NAME`. Without a type: SRV for names that begin with an underscore, A for others.
std::optional<AskedWhy> parse_asked(const dns::QuestionName& name) {
  if (name.labels >= 2 && name.label(0) == k_label) {
    const Type type = name.label(1).front() == '_' ? Type::srv : Type::a;
    return AskedWhy{name_from(name, 1), type};
  }
  if (name.labels < 3 || name.label(1) != k_label || name.label(0).front() != '_') return std::nullopt;
  const Result<Type> type = dns::parse_type(name.label(0).substr(1));
  if (!type || (dns::is_meta_type(*type) && *type != Type::any)) return std::nullopt;
  return AskedWhy{name_from(name, 2), *type};
}

// One string, or as many as it takes (RFC 1035 §3.3.14).
std::string txt_of(std::string_view sentence) {
  std::string rdata;
  while (!sentence.empty()) {
    const std::size_t size = std::min(sentence.size(), limits::k_txt_string_bytes_max);
    rdata.append(1, static_cast<char>(size)).append(sentence.substr(0, size));
    sentence.remove_prefix(size);
  }
  return rdata;
}

}  // namespace

bool Responder::put_why(const Exchange& exchange, const Zone& zone, Reply& reply) const {
  const std::optional<AskedWhy> asked = parse_asked(exchange.query.name);
  if (!asked || !asked->name.is_within(zone.records.apex())) return false;
  reply.set_authoritative(true);
  reply.show_serial(zone.serial);
  if (exchange.query.type != Type::txt && exchange.query.type != Type::any) {
    const StaticZone& records = zone.records;
    if (!reply.put_whole(Section::authority, records.apex(), records.soa(), records.negative_ttl())) {
      reply.set_truncated();
    }
    return true;
  }
  const registry::WallTime wall_now{std::chrono::seconds(exchange.worker.wall_seconds)};
  const Explained explained =
      Explainer(zones_, roster_, settings_.udp_payload).explain(asked->name, asked->type, exchange.now, wall_now);
  for (const std::string& sentence : sentences_of(explained)) {
    const std::string rdata = txt_of(sentence);
    if (reply.put(Section::answer, Reply::k_question_name_at, Type::txt, 0, octets(rdata))) continue;
    reply.set_truncated();
    break;
  }
  return true;
}

}  // namespace rollcall::answer
