#include "model/answers.h"

#include <algorithm>
#include <functional>
#include <set>

#include "base/ascii_case.h"
#include "unit/answer/ask.h"

namespace rollcall::testing {
namespace {

using dns::Type;
using registry::LeaseTime;
using registry::Status;
using Members = std::vector<const ModelInstance*>;

std::uint32_t ttl_until(LeaseTime end, LeaseTime now, const answer::AnswerPolicy& policy) {
  const auto left = std::chrono::floor<std::chrono::seconds>(end - now).count();
  return static_cast<std::uint32_t>(std::min<std::int64_t>(left, policy.ttl_seconds));
}

bool has_family(const IpAddress& address, Type type) { return address.is_v4() == (type == Type::a); }

// The addresses of these members, each once, under the least of their TTLs.
std::vector<std::string> address_records(const Members& members, const Question& question, LeaseTime now,
                                         const answer::AnswerPolicy& policy) {
  std::set<std::string> texts;
  LeaseTime earliest = LeaseTime::max();
  for (const ModelInstance* member : members) {
    for (const IpAddress& address : member->registration.addresses) {
      if (!has_family(address, question.type)) continue;
      texts.insert(address.text());
      earliest = std::min(earliest, member->deadline);
    }
  }
  std::vector<std::string> records;
  for (const std::string& text : texts) {
    records.push_back(question.name() + ". " + std::to_string(ttl_until(earliest, now, policy)) +
                      (question.type == Type::a ? " A " : " AAAA ") + text);
  }
  return records;
}

// `weight_of`: what a record shows of a weight.
std::vector<std::string> srv_records(const Members& members, const Question& question, LeaseTime now,
                                     const answer::AnswerPolicy& policy, auto&& weight_of) {
  std::vector<std::string> records;
  LeaseTime earliest = LeaseTime::max();
  for (const ModelInstance* member : members) earliest = std::min(earliest, member->deadline);
  for (const ModelInstance* member : members) {
    const registry::Registration& r = member->registration;
    records.push_back(question.name() + ". " + std::to_string(ttl_until(earliest, now, policy)) + " SRV " +
                      std::to_string(r.priority) + " " + std::to_string(weight_of(r.weight)) + " " +
                      std::to_string(r.port) + " " + registry::label_of(r.key.id) + "." + r.key.service.name + "." +
                      question.zone + ".");
  }
  return records;
}

ExpectedAnswer found(std::vector<std::string> records) {
  return {"NOERROR", answer::testing::sorted(std::move(records))};
}

ExpectedAnswer answer_view(const Members& members, const Question& question, LeaseTime now,
                           const answer::AnswerPolicy& policy) {
  Members live;
  for (const ModelInstance* member : members) {
    if (member->status() == Status::ready && member->deadline > now) live.push_back(member);
  }
  if (live.empty()) {
    switch (policy.when_empty) {
      case answer::WhenEmpty::nodata: return {"NOERROR", {}};
      case answer::WhenEmpty::nxdomain: return {"NXDOMAIN", {}};
      case answer::WhenEmpty::servfail: return {"SERVFAIL", {}};
    }
  }
  if (question.type == Type::srv) {
    const bool has_weight =
        std::ranges::any_of(live, [](const auto* member) { return member->registration.weight > 0; });
    return found(srv_records(live, question, now, policy, [&](int weight) { return has_weight ? weight : 1; }));
  }
  if (question.by_protocol) return found({});
  std::uint16_t best = 65535;
  for (const ModelInstance* member : live) best = std::min(best, member->registration.priority);
  std::erase_if(live, [&](const ModelInstance* member) { return member->registration.priority != best; });
  return found(address_records(live, question, now, policy));
}

ExpectedAnswer answer_member(const ModelInstance& member, const Question& question, LeaseTime now,
                             const answer::AnswerPolicy& policy) {
  if (question.type == Type::srv) return found(srv_records({&member}, question, now, policy, std::identity()));
  if (question.by_protocol) return found({});
  return found(address_records({&member}, question, now, policy));
}

}  // namespace

std::string Question::name() const {
  const std::string dot = below.empty() ? "" : ".";
  if (!by_protocol) return below + dot + service.name + "." + zone;
  return below + dot + "_" + service.name + "._" + std::string(to_text(protocol)) + "." + zone;
}

ExpectedAnswer expected_answer(const Roll& roll, const Question& question, LeaseTime now,
                               const answer::AnswerPolicy& policy) {
  const auto service = roll.services.find(question.service);
  if (service == roll.services.end()) return {"NXDOMAIN", {}};
  if (question.by_protocol && (service->second.protocols & registry::to_set(question.protocol)) == 0) {
    return {"NXDOMAIN", {}};
  }
  Members members = roll.members(question.service);
  if (question.by_protocol) {
    std::erase_if(members, [&](const ModelInstance* m) { return m->registration.protocol != question.protocol; });
  }
  if (question.below.empty()) return answer_view(members, question, now, policy);
  const auto named = std::ranges::find_if(members, [&](const ModelInstance* member) {
    return equal_but_for_case(registry::label_of(member->registration.key.id), question.below);
  });
  if (named != members.end() && (*named)->deadline > now) return answer_member(**named, question, now, policy);
  if (question.by_protocol) return {"NXDOMAIN", {}};
  std::erase_if(members, [&](const ModelInstance* member) {
    return std::ranges::none_of(member->registration.tags,
                                [&](const std::string& tag) { return equal_but_for_case(tag, question.below); });
  });
  if (members.empty()) return {"NXDOMAIN", {}};
  return answer_view(members, question, now, policy);
}

}  // namespace rollcall::testing
