// What is built when a service changes.
#include "answer/roster/service_answers.h"

#include <memory>
#include <string>
#include <vector>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using registry::Instance;
using registry::LeaseTime;
using registry::Protocol;
using registry::Status;

constexpr LeaseTime k_now{1h};

// A service with instances of its own, as the registry would have published it.
class Built {
 public:
  explicit Built(const std::vector<Entry>& entries, const std::vector<std::string>& draining = {}) {
    registry::ProtocolSet protocols = 0;
    std::vector<const Instance*> members;
    for (const Entry& entry : entries) {
      const bool drains = std::ranges::find(draining, entry.id) != draining.end();
      protocols |= registry::to_set(entry.protocol);
      instances_.push_back(Instance::make(registration_of(entry), drains ? Status::draining : Status::ready, 1,
                                          registry::WallTime{}, k_now));
      members.push_back(instances_.back().get());
    }
    const registry::Service service({registry::ZoneId{0}, "web"}, 1, protocols, std::move(members), std::nullopt);
    answers_ = ServiceAnswers::make(service, service.service.name, *dns::Name::parse("svc.internal"), AnswerPolicy{});
  }
  const ServiceAnswers& operator*() const { return *answers_; }
  const ServiceAnswers* operator->() const { return answers_.get(); }

  // The labels of a view, in its order.
  [[nodiscard]] std::vector<std::string> labels(const View* view) const {
    std::vector<std::string> found;
    if (view == nullptr) return {"no view"};
    for (const std::uint32_t i : answers_->order_of(*view)) found.emplace_back(answers_->member(i).instance->label());
    return found;
  }
  // The addresses of a list as "1*3": last octet and weight.
  [[nodiscard]] std::vector<std::string> addresses(const AddressList& list, Family family) const {
    std::vector<std::string> found;
    const std::size_t size = octets_of(family);
    const Bytes octets = answers_->octets(list.at, list.count * size);
    for (std::size_t i = 0; i < list.count; ++i) {
      found.push_back(std::to_string(octets[(i + 1) * size - 1]) + "*" + std::to_string(answers_->weights(list)[i]));
    }
    return found;
  }
  [[nodiscard]] registry::Lease& lease(std::size_t i) { return instances_.at(i)->lease; }

 private:
  std::vector<std::unique_ptr<Instance>> instances_;
  std::unique_ptr<ServiceAnswers> answers_;
};

using Labels = std::vector<std::string>;

TEST_CASE("a view has its ready members, the best priority first, by label within each") {
  const Built web({{.id = "c", .priority = 1}, {.id = "B", .priority = 1}, {.id = "a", .priority = 2}, {.id = "d"}},
                  {"d"});
  CHECK(web.labels(&web->all()) == Labels{"B", "c", "a"});
  CHECK(web->all().count == 3);
}

TEST_CASE("each tag is a view, and so is each protocol the service has been seen with") {
  const Built web({{.id = "a", .tags = {"blue", "green"}},
                   {.id = "b", .tags = {"blue"}, .protocol = Protocol::udp},
                   {.id = "c", .tags = {"red"}}},
                  {"c"});
  CHECK(web.labels(web->find_tag("blue")) == Labels{"a", "b"});
  CHECK(web.labels(web->find_tag("green")) == Labels{"a"});
  CHECK(web.labels(web->find_tag("red")).empty());
  CHECK(web->find_tag("re") == nullptr);
  CHECK(web->find_tag("redd") == nullptr);
  CHECK(web->find_tag("") == nullptr);
  CHECK(web.labels(web->find_protocol(Protocol::tcp)) == Labels{"a"});
  CHECK(web.labels(web->find_protocol(Protocol::udp)) == Labels{"b"});
  const Built tcp_only({{.id = "a"}});
  CHECK(tcp_only->find_protocol(Protocol::udp) == nullptr);
}

TEST_CASE("a member is found by its label in any case, and by nothing else") {
  const Built web({{.id = "Node-1"}, {.id = "node-10"}, {.id = "node"}, {.id = "x_1"}}, {"node"});
  CHECK(web->find_member("node-1")->instance->label() == "Node-1");
  CHECK(web->find_member("node-10")->instance->label() == "node-10");
  CHECK(web->find_member("node")->instance->label() == "node");
  CHECK(web->find_member(registry::label_of("x_1"))->instance->id() == "x_1");
  for (const std::string_view label : {"", "nod", "node-", "node-2", "node-100", "x_1", "zzz", "aaa"}) {
    CHECK(web->find_member(label) == nullptr);
  }
}

TEST_CASE("addresses are those of the best priority, each once, with the weights of all who have it") {
  const Built web({{.id = "a", .addresses = {"192.0.2.1", "2001:db8::1"}, .weight = 2},
                   {.id = "b", .addresses = {"192.0.2.1", "192.0.2.2"}, .weight = 3},
                   {.id = "c", .addresses = {"192.0.2.9"}, .priority = 7},
                   {.id = "d", .addresses = {"192.0.2.8"}}},
                  {"d"});
  CHECK(web.addresses(web->all().v4, Family::v4) == Labels{"1*5", "2*3"});
  CHECK(web.addresses(web->all().v6, Family::v6) == Labels{"1*2"});
  CHECK_FALSE(web->all().v4.equal_weights);
  CHECK(web->all().v6.equal_weights);
  CHECK_FALSE(web->all().equal_weights);
}

TEST_CASE("weights are equal when they are within each priority") {
  const Built web({{.id = "a", .priority = 1, .weight = 5},
                   {.id = "b", .priority = 1, .weight = 5},
                   {.id = "c", .priority = 2, .weight = 9}});
  CHECK(web->all().equal_weights);
}

TEST_CASE("the largest weights of many instances with one address add up") {
  std::vector<Entry> entries;
  for (int i = 0; i < 1000; ++i) entries.push_back({.id = std::to_string(i), .weight = 65535});
  const Built web(entries);
  CHECK(web.addresses(web->all().v4, Family::v4) == Labels{"1*65535000"});
}

TEST_CASE("the bound of the earliest end follows the leases, ready ones alone") {
  Built web({{.id = "a", .ttl = 10s}, {.id = "b", .ttl = 20s}, {.id = "c", .ttl = 5s}}, {"c"});
  CHECK(web->all_leases_reach(k_now + 10s, k_now));
  CHECK_FALSE(web->all_leases_reach(k_now + 10s + 1ns, k_now));
  CHECK(web.lease(0).renew(k_now + 9s, 30s));
  CHECK(web->all_leases_reach(k_now + 20s, k_now));
  CHECK_FALSE(web->all_leases_reach(k_now + 20s + 1ns, k_now));
  CHECK(web.lease(1).renew(k_now + 9s, 60s));
  CHECK(web->all_leases_reach(k_now + 39s, k_now));
  CHECK_FALSE(web->all_leases_reach(k_now + 40s, k_now));
}

TEST_CASE("a service without ready members has leases that reach anywhere, and nothing to answer") {
  const Built empty({});
  CHECK(empty->all_leases_reach(LeaseTime::max(), k_now));
  CHECK(empty->all().count == 0);
  CHECK(empty->all().v4.count == 0);
  const Built drained({{.id = "a", .tags = {"blue"}}}, {"a"});
  CHECK(drained->all().count == 0);
  CHECK(drained->find_tag("blue")->count == 0);
  CHECK(drained->find_member("a") != nullptr);
}

}  // namespace
}  // namespace rollcall::answer
