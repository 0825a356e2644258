#include "answer/look_up/trace.h"

#include "base/check.h"

namespace rollcall::answer {
namespace {

dns::Name name_of(const dns::QuestionName& name) {
  const std::optional<dns::Name> copy = dns::Name::parse_wire({name.folded.data(), name.size});
  check(copy.has_value(), "a name that was read is a name");
  return *copy;
}

Rule rule_of(const RosterName& found) {
  switch (found.kind) {
    case RosterName::Kind::none:
    case RosterName::Kind::missing: return Rule::nothing;
    case RosterName::Kind::empty: return Rule::empty_non_terminal;
    case RosterName::Kind::service: return found.view == &found.answers->all() ? Rule::service : Rule::tag;
    case RosterName::Kind::service_srv: return Rule::service;
    case RosterName::Kind::instance:
    case RosterName::Kind::instance_srv: return Rule::instance;
    case RosterName::Kind::subtype: return Rule::subtype;
    case RosterName::Kind::types:
    case RosterName::Kind::domain: return Rule::dns_sd;
    case RosterName::Kind::reverse: return Rule::reverse;
  }
  return Rule::nothing;
}

Rule rule_of(const ConsulFound& found) {
  switch (found.kind) {
    case ConsulFound::Kind::nothing: return Rule::nothing;
    case ConsulFound::Kind::empty: return Rule::empty_non_terminal;
    case ConsulFound::Kind::service: return found.asked.tags.empty() ? Rule::service : Rule::tag;
    case ConsulFound::Kind::node: return Rule::node;
    case ConsulFound::Kind::address: return Rule::address;
    case ConsulFound::Kind::query: return Rule::query;
  }
  return Rule::nothing;
}

Rule rule_of(const StaticAnswer& found) {
  switch (found.found) {
    case Found::hit: return found.wildcard ? Rule::wildcard : Rule::static_record;
    case Found::nodata:
      if (found.wildcard) return Rule::wildcard;
      return found.node->rrsets.empty() ? Rule::empty_non_terminal : Rule::static_record;
    case Found::delegation: return Rule::delegation;
    case Found::alias: return Rule::cname;
    case Found::redirect: return Rule::dname;
    case Found::nxdomain:
    case Found::unavailable: return Rule::nothing;
  }
  return Rule::nothing;
}

}  // namespace

std::string_view to_text(Rule rule) {
  switch (rule) {
    case Rule::service: return "service";
    case Rule::tag: return "tag";
    case Rule::instance: return "instance";
    case Rule::subtype: return "subtype";
    case Rule::dns_sd: return "dns_sd";
    case Rule::reverse: return "reverse";
    case Rule::static_record: return "static";
    case Rule::wildcard: return "wildcard";
    case Rule::delegation: return "delegation";
    case Rule::cname: return "cname";
    case Rule::dname: return "dname";
    case Rule::node: return "node";
    case Rule::address: return "address";
    case Rule::query: return "query";
    case Rule::empty_non_terminal: return "empty_non_terminal";
    case Rule::nothing: return "nothing";
    case Rule::outside: return "outside";
  }
  return "nothing";
}

void Trace::arrive(const Zone& zone, const dns::QuestionName& name, const RosterName& found, std::size_t first_record) {
  stops_.push_back({rule_of(found), &zone, name_of(name), found, first_record, std::nullopt});
}

void Trace::arrive(const Zone& zone, const dns::QuestionName& name, const ConsulFound& found,
                   std::size_t first_record) {
  RosterName service;
  service.answers = found.answers;
  stops_.push_back({rule_of(found), &zone, name_of(name), service, first_record, found.zone});
}

void Trace::find(const StaticAnswer& found) { stops_.back().rule = rule_of(found); }

void Trace::leave(const dns::QuestionName& name, std::size_t first_record) {
  stops_.push_back({Rule::outside, nullptr, name_of(name), {}, first_record, std::nullopt});
}

}  // namespace rollcall::answer
