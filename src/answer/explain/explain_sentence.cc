#include "answer/explain/explain_sentence.h"

#include <fmt/format.h>

#include "base/counted.h"

namespace rollcall::answer {
namespace {

// At the end of the way: how many are in the answer.
std::string count_clause(const Explained& explained) {
  if (explained.instances == 0) return "it has no instances";
  return fmt::format("{} of its {} {} in the answer to {}", explained.answered,
                     counted(explained.instances, "instance"), explained.answered == 1 ? "is" : "are", explained.type);
}

std::string instance_clause(const Explained& explained, const std::string& name, const Stop& stop) {
  const std::string clause = fmt::format("{} is the instance {} of the service {}", name,
                                         stop.found.member->instance->id(), explained.service);
  if (explained.left_out.empty()) return clause;
  return clause + ", and not in the answer: " + explained.left_out.front().detail;
}

std::string file_clause(const Explained& explained, const std::string& name, const std::string& zone,
                        std::string_view where) {
  const std::string clause = fmt::format("{} is {} the zone file of {}", name, where, zone);
  const bool is_empty = explained.answer.empty() && explained.rcode == dns::Rcode::noerror;
  return is_empty ? fmt::format("{}, and has no {} records", clause, explained.type) : clause;
}

std::string dns_sd_clause(const Explained& explained, const std::string& name, const Stop& stop) {
  if (stop.found.kind == RosterName::Kind::service_srv) {
    return fmt::format("{} lists the service {} for DNS-SD: {}", name, explained.service, count_clause(explained));
  }
  if (stop.found.kind == RosterName::Kind::types) return name + " lists the service types of the zone for DNS-SD";
  return name + " tells DNS-SD which domain to browse";
}

std::string clause_of(const Explained& explained, const Stop& stop, bool is_first) {
  const std::string name = stop.name.text_without_dot();
  const std::string zone = stop.zone == nullptr ? std::string() : stop.zone->records.apex().text_without_dot();
  switch (stop.rule) {
    case Rule::service:
      return fmt::format("{} is the service {}: {}", name, explained.service, count_clause(explained));
    case Rule::query:
      return fmt::format("{} is a prepared query of the service {}: {}", name, explained.service,
                         count_clause(explained));
    case Rule::node: return fmt::format("{} is a node", name);
    case Rule::address: return fmt::format("{} is an address in hex digits", name);
    case Rule::tag:
      if (stop.datacenter) {
        return fmt::format("{} is a tag of the service {}: {}", name, explained.service, count_clause(explained));
      }
      return fmt::format("{} is the tag {} of the service {}: {}", name, stop.name.first_label(), explained.service,
                         count_clause(explained));
    case Rule::subtype:
      return fmt::format("{} is the subtype {} of the service {}: {}", name, stop.name.first_label().substr(1),
                         explained.service, count_clause(explained));
    case Rule::instance: return instance_clause(explained, name, stop);
    case Rule::dns_sd: return dns_sd_clause(explained, name, stop);
    case Rule::reverse: return fmt::format("{} is the address of {}", name, counted(explained.answered, "instance"));
    case Rule::static_record: return file_clause(explained, name, zone, "in");
    case Rule::wildcard: return file_clause(explained, name, zone, "made from a wildcard in");
    case Rule::delegation: return fmt::format("the zone file of {} delegates {} to other servers", zone, name);
    case Rule::cname: return fmt::format("{} is an alias in the zone file of {}", name, zone);
    case Rule::dname: return fmt::format("{} is below a DNAME in the zone file of {}", name, zone);
    case Rule::empty_non_terminal: return fmt::format("{} has no records itself, there are names below it", name);
    case Rule::nothing: return fmt::format("nothing in the zone {} has the name {}", zone, name);
    case Rule::outside:
      return is_first ? fmt::format("{} is in none of the zones served here", name)
                      : fmt::format("{} is in none of the zones served here: the client asks on", name);
  }
  return name;
}

}  // namespace

std::string sentence_of(const Explained& explained, std::span<const Stop> stops) {
  std::string sentence;
  for (const Stop& stop : stops) {
    if (!sentence.empty()) sentence += "; ";
    sentence += clause_of(explained, stop, sentence.empty());
  }
  return sentence + '.';
}

std::string sentence_of_expired(const Explained& explained) {
  return fmt::format("{} is not answered: this node has not reached its cluster for too long.", explained.name);
}

std::vector<std::string> sentences_of(const Explained& explained) {
  std::vector<std::string> sentences{fmt::format("{} {}: {}. {}", explained.name, explained.type,
                                                 dns::rcode_text(explained.rcode), explained.sentence)};
  for (const Omission& left_out : explained.left_out) {
    sentences.push_back(fmt::format("{}: {}", left_out.id, left_out.detail));
  }
  if (explained.left_out_more > 0) sentences.push_back(fmt::format("and {} more", explained.left_out_more));
  return sentences;
}

}  // namespace rollcall::answer
