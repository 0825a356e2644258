// Names of Consul's domain: what is asked for of a service, a node, an address or a prepared query.
#include "answer/consul/consul_collector.h"
#include "answer/look_up/resolution.h"

namespace rollcall::answer {

using dns::Rcode;
using dns::Type;

Resolution::Step Resolution::answer_consul_name(const ConsulNames& names) {
  names.refresh_serial();
  if (zone_->records.find(name_->suffix(0)) != nullptr) {
    if (trace_ != nullptr) trace_->arrive(*zone_, *name_, RosterName{}, sections_.records(Section::answer));
    return answer_static_name();
  }
  const ConsulFound found = names.find(*zone_, *name_, now_);
  if (trace_ != nullptr) trace_->arrive(*zone_, *name_, found, sections_.records(Section::answer));
  switch (found.kind) {
    case ConsulFound::Kind::nothing: return deny(Rcode::nxdomain);
    case ConsulFound::Kind::empty: return deny(Rcode::noerror);
    case ConsulFound::Kind::service:
    case ConsulFound::Kind::node:
    case ConsulFound::Kind::address:
    case ConsulFound::Kind::query: return answer_consul(names, found);
  }
  return deny(Rcode::servfail);
}

// A name that is known, and has nobody to answer with, is NODATA (RFC 2308 §2.2), whatever `when_empty` says of the zone.
Resolution::Step Resolution::answer_consul(const ConsulNames& names, const ConsulFound& found) {
  ConsulCollector collector(names, found, sections_, now_, random_, scratch_, trace_ == nullptr);
  const bool is_service = found.kind == ConsulFound::Kind::service || found.kind == ConsulFound::Kind::query;
  if (is_service && !collector.find_members()) {
    sections_.explain(dns::ExtendedError::other, "the service is known, and none of its instances is in the answer");
    return deny(Rcode::noerror);
  }
  bool put = false;
  switch (query_.type) {
    case Type::a: put = collector.put_addresses(owner(), Family::v4); break;
    case Type::aaaa: put = collector.put_addresses(owner(), Family::v6); break;
    case Type::srv: put = is_service && collector.put_srv(owner()); break;
    case Type::txt: put = collector.put_txt(owner()); break;
    case Type::any:  // RFC 8482 §4.1: one RRset is enough
      put = collector.put_addresses(owner(), Family::v4) || collector.put_addresses(owner(), Family::v6);
      break;
    default: break;
  }
  if (put && found.answers != nullptr && found.answers->is_protected()) {
    sections_.explain(dns::ExtendedError::stale_answer, "too few instances are ready: critical ones are answered too");
  }
  if (put) return Rcode::noerror;
  const bool takes_alias =
      query_.type == Type::a || query_.type == Type::aaaa || query_.type == Type::cname || query_.type == Type::any;
  if (takes_alias) {
    if (const auto alias = collector.choose_alias(); alias && !alias->target.empty()) {
      return answer_alias(alias->ttl, alias->target);
    }
  }
  if (query_.type == Type::any && is_service && collector.put_srv(owner())) return Rcode::noerror;
  return deny(Rcode::noerror);
}

}  // namespace rollcall::answer
