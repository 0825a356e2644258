// The comparisons of a walk.
#include <algorithm>

#include "model/walk.h"

namespace rollcall::testing {

using registry::Instance;
using registry::Service;
using registry::ServiceKey;

std::string Walk::compare_outcome(const registry::Outcome& outcome, const Predicted& predicted,
                                  const registry::Change& change) const {
  if (predicted.error) {
    if (outcome) return "a change was made that should have failed";
    return outcome.error().code == *predicted.error ? "" : "a change failed in another way: " + outcome.error().message;
  }
  if (!outcome) return "a change failed: " + outcome.error().message;
  if (outcome->created != predicted.created) return "created: " + std::to_string(outcome->created);
  if (outcome->changed != predicted.changed) return "changed: " + std::to_string(outcome->changed);
  if (outcome->status != predicted.status) return "status: " + std::string(to_text(outcome->status));
  if (outcome->index != predicted.index) {
    return "index " + std::to_string(outcome->index) + " instead of " + std::to_string(predicted.index);
  }
  const bool is_registration = std::holds_alternative<registry::Register>(change.asked);
  if (is_registration && outcome->expires_at != predicted.expires_at) return "another end of the lease";
  return "";
}

std::string Walk::compare_service(const ServiceKey& key, const ModelService& expected) const {
  const Service* service = server_.registry().find_service(key.ref());
  if (service == nullptr) return key.name + " is not known";
  if (service->index != expected.index) {
    return key.name + " has index " + std::to_string(service->index) + " instead of " + std::to_string(expected.index);
  }
  if (service->protocols != expected.protocols) return key.name + " has other protocols";
  if (service->emptied_at != expected.emptied_at) return key.name + " is empty since another time";
  const std::vector<const ModelInstance*> members = model_.visible.members(key);
  const auto same = [&](const Instance* instance, const ModelInstance* model) {
    return instance->registration() == model->registration && instance->status == model->status() &&
           instance->standing() == model->standing && instance->index == model->index &&
           instance->registered_at == model->registered_at && instance->lease.expires_at() == model->deadline &&
           server_.registry().find_instance(instance->key()) == instance;
  };
  if (!std::ranges::equal(service->instances, members, same)) return key.name + " has other instances";
  return "";
}

std::string Walk::compare_roll() const {
  const rcu::ReadLock lock;
  const registry::Counts counts = server_.registry().counts();
  const Roll& roll = model_.visible;
  if (counts.services != roll.services.size()) return std::to_string(counts.services) + " services";
  if (counts.instances != roll.instances.size()) return std::to_string(counts.instances) + " instances";
  if (counts.index != roll.index) {
    return "index " + std::to_string(counts.index) + " instead of " + std::to_string(roll.index);
  }
  for (const auto& [key, service] : roll.services) {
    if (std::string difference = compare_service(key, service); !difference.empty()) return difference;
  }
  return "";
}

// While nothing is owed, the rows are the roll.
std::string Walk::compare_store() {
  if (server_.registry().has_unrecorded_rows()) return "";
  const auto& journal = server_.journal();
  const Roll& roll = model_.visible;
  const auto same_row = [](const auto& row, const auto& entry) {
    return row.first == entry.first && row.second.registration == entry.second.registration &&
           row.second.standing == entry.second.standing && row.second.index == entry.second.index &&
           row.second.registered_at == entry.second.registered_at;
  };
  if (!std::ranges::equal(journal.instances, roll.instances, same_row)) return "the store has other instances";
  const auto same_service = [](const auto& row, const auto& entry) {
    return row.first == entry.first && row.second.protocols == entry.second.protocols &&
           row.second.emptied_at == entry.second.emptied_at && row.second.index <= entry.second.index;
  };
  if (!std::ranges::equal(journal.services, roll.services, same_service)) return "the store has other services";
  if (journal.index != roll.index) return "the store has another index";
  model_.stored = roll;
  return "";
}

std::string Walk::ask(const Question& question) {
  const answer::testing::Ask ask{.name = question.name(), .type = question.type, .transport = answer::Transport::tcp};
  const answer::testing::Answered answered = server_.query(ask);
  const ExpectedAnswer expected = expected_answer(model_.visible, question, server_.now(), server_.policy());
  if (answered.rcode == expected.rcode && answer::testing::sorted(answered.answer) == expected.records) return "";
  std::string text = "asked for " + question.name() + " type " + std::to_string(static_cast<int>(question.type)) +
                     "\n  expected " + expected.rcode;
  for (const std::string& record : expected.records) text += "\n    " + record;
  text += "\n  got " + answered.rcode;
  for (const std::string& record : answered.answer) text += "\n    " + record;
  return text;
}

std::string Walk::compare_all() {
  for (const auto& [key, service] : model_.visible.services) {
    for (const dns::Type type : {dns::Type::a, dns::Type::aaaa, dns::Type::srv}) {
      Question question{.service = key};
      question.zone = key.zone == registry::ZoneId{0} ? "svc.internal" : "lab.example";
      question.type = type;
      if (std::string difference = ask(question); !difference.empty()) return difference;
      for (const ModelInstance* member : model_.visible.members(key)) {
        question.below = registry::label_of(member->registration.key.id);
        if (std::string difference = ask(question); !difference.empty()) return difference;
      }
    }
  }
  return compare_roll();
}

}  // namespace rollcall::testing
