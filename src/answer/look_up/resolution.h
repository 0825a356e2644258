// One question's way through a zone: RFC 1034 §4.3.2 from step 3 on, over the roll and the zone file alike.
//
// Shape    `run` collects references to RRsets, in sections, and says the RCODE; no octet is written. An alias starts over
//          with its target, at most k_cname_chain_max times and never with a name that has been answered.
// Trace    given by those who only want to know: the answer then counts as handed out to nobody. Else null.
// Threads  one query, one worker; under the caller's ReadLock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "answer/consul/consul_names.h"
#include "answer/encode/section_list.h"
#include "answer/encode/service_collector.h"
#include "answer/look_up/trace.h"
#include "answer/roster/roster.h"
#include "answer/zone/zones.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "base/random.h"
#include "dns/query.h"
#include "registry/instance/lease.h"

namespace rollcall::answer {

class Resolution {
 public:
  Resolution(const ZoneTable& zones, const Roster& roster, const Zone& zone, const dns::Query& query,
             SectionList& sections, registry::LeaseTime now, Random& random, Scratch& scratch, Trace* trace = nullptr)
      : zones_(zones),
        roster_(roster),
        zone_(&zone),
        query_(query),
        sections_(sections),
        now_(now),
        random_(random),
        scratch_(scratch),
        trace_(trace),
        name_(&query.name),
        spelling_(query.question),
        targets_(scratch.alias_targets) {}

  dns::Rcode run();

  // After `run`: whether the roll has decided about the answer, be it that a name is not there. Else the zone file has.
  [[nodiscard]] bool is_of_roll(dns::Rcode rcode) const;

 private:
  // What one name came to: a final RCODE, or nothing: an alias was put and `name_` is its target.
  using Step = std::optional<dns::Rcode>;

  Step answer_name();
  Step answer_consul_name(const ConsulNames& names);  // resolution_consul.cc
  Step answer_consul(const ConsulNames& names, const ConsulFound& found);
  Step answer_roster_name(const RosterName& found);
  Step answer_service(const RosterName& found);
  Step answer_instance(const RosterName& found);
  Step answer_subtype(const RosterName& found);
  Step answer_types();
  Step answer_domain();
  Step answer_reverse(const ReverseName& reverse);
  Step answer_empty(const RosterName& found);
  // The name of a host, where nobody has an address; empty: there is none.
  std::optional<Step> answer_host(const RosterName& found);
  [[nodiscard]] bool asks_for(dns::Type type) const { return query_.type == type || query_.type == dns::Type::any; }
  Step answer_static_name();
  [[nodiscard]] bool has_closer_roster_name(const dns::QuestionName& name, const Node& wildcard) const;
  [[nodiscard]] bool is_roster_name(const dns::QuestionName& name) const;
  [[nodiscard]] bool is_there(const RosterName& found) const;
  Step answer_hit(const StaticAnswer& found);
  Step answer_any(const StaticAnswer& found);
  Step follow_alias(const StaticAnswer& found);
  Step follow_redirect(const StaticAnswer& found);
  [[nodiscard]] bool has_followed(const RRset& dname) const;
  Step refer(const StaticAnswer& found);
  dns::Rcode deny(dns::Rcode rcode);
  dns::Rcode deny_name();
  [[nodiscard]] bool leads_elsewhere() const;

  // Collects the alias from the present name to `target`, which stays until the message is written, and moves there. Empty:
  // go on. A code: the chain ends here.
  Step follow(std::uint32_t ttl, Bytes target);
  [[nodiscard]] bool is_circle() const;
  // An alias of the roll, to the name of a host. ANY has it alone (RFC 8482 §4.1).
  Step answer_alias(std::uint32_t ttl, Bytes target);

  // --- Additional records (resolution_additional.cc) ---
  [[nodiscard]] const Node* find_records(std::string_view folded_name) const;
  enum class GlueOf : std::uint8_t { delegated_zone, others };
  // The addresses of the servers that are in the delegated zone, without which a referral is none (RFC 9471 §2), or of the
  // others, which help where they fit.
  void put_glue(const RRset& ns, const Node& cut, GlueOf which);
  // The addresses (and SVCB) of the names that the records point at, from the zone file or the roll, where they fit.
  void put_target_records(const RRset& rrset);
  void put_additional(const dns::QuestionName& target, dns::Type type);
  void put_roster_additional(const RosterName& found, const dns::QuestionName& target, dns::Type type);

  // The present name from one of its labels on, in folded wire form.
  [[nodiscard]] Bytes wire(std::size_t first_label) const { return octets(name_->suffix(first_label)); }
  // The present name, as the owner of what is collected next in the answer section.
  [[nodiscard]] Owner owner() const { return {.name = wire(0), .is_current = true}; }
  void put_answer(const Owner& owner, const RRset& rrset) {
    sections_.add_static(Section::answer, owner, {&rrset, zone_->serial}, rrset.ttl, Fit::partly);
  }
  [[nodiscard]] ServiceCollector service_of(const ServiceAnswers& answers) {
    return {sections_, answers, now_, random_, scratch_, trace_ == nullptr};
  }

  const ZoneTable& zones_;
  const Roster& roster_;
  const Zone* zone_;
  const dns::Query& query_;
  SectionList& sections_;
  const registry::LeaseTime now_;
  Random& random_;
  Scratch& scratch_;
  Trace* const trace_;

  const dns::QuestionName* name_;  // the question's, or the last alias's target
  Bytes spelling_;                 // begins with the same name, in the case it was written in
  std::array<dns::QuestionName, limits::k_cname_chain_max>& targets_;  // of the aliases followed so far
  std::size_t aliases_ = 0;
  // The DNAME behind each alias, null where it is the zone file's own. The chain ends at the alias behind the last target.
  std::array<const RRset*, limits::k_cname_chain_max + 1> redirections_;
};

}  // namespace rollcall::answer
