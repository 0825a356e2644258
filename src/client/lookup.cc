#include "client/lookup.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "base/limits.h"
#include "client/answers.h"

namespace rollcall::client {
namespace {

using dns::Name;
using dns::Type;

class Lookup : public std::enable_shared_from_this<Lookup> {
 public:
  Lookup(Upstreams& upstreams, Name name, std::function<void(Found)> done)
      : upstreams_(upstreams), name_(std::move(name)), done_(std::move(done)) {}

  void begin() {
    ask(Type::srv, name_, Transport::udp, [](Lookup& self, Bytes message, const std::string& trouble) {
      if (message.empty()) return self.fail(trouble);
      self.answer_ = parse_srv_answer(message, self.name_);
      if (self.answer_.said == Said::failed) return self.fail(self.answer_.trouble);
      if (self.missing().size() > limits::k_client_targets_over_tcp) return self.ask_for_all();
      self.ask_for_missing();
    });
  }

 private:
  using Then = std::function<void(Lookup&, Bytes, const std::string&)>;

  void ask(Type type, const Name& name, Transport transport, Then then) {
    upstreams_.ask(name, type, transport,
                   [self = shared_from_this(), then = std::move(then)](Bytes message, const std::string& trouble) {
                     then(*self, message, trouble);
                   });
  }

  // Over UDP, additional records that do not fit are left out without the TC bit (RFC 2181 §9). Over TCP all fit.
  void ask_for_all() {
    ask(Type::srv, name_, Transport::tcp, [](Lookup& self, Bytes message, const std::string&) {
      SrvAnswer whole = parse_srv_answer(message, self.name_);
      if (whole.said != Said::failed) self.answer_ = std::move(whole);
      self.ask_for_missing();
    });
  }

  void ask_for_missing() {
    std::vector<Name> targets = missing();
    if (targets.size() > limits::k_client_targets_asked_max) targets.resize(limits::k_client_targets_asked_max);
    awaited_ = 2 * targets.size();
    if (awaited_ == 0) return finish();
    for (const Name& target : targets) {
      for (const Type type : {Type::a, Type::aaaa}) {
        ask(type, target, Transport::udp, [target, type](Lookup& self, Bytes message, const std::string&) {
          self.take(target, parse_address_answer(message, target, type));
        });
      }
    }
  }

  [[nodiscard]] std::vector<Name> missing() const {
    std::vector<Name> targets;
    for (const auto& [target, addresses] : answer_.addresses) {
      if (addresses.empty()) targets.push_back(target);
    }
    return targets;
  }

  void take(const Name& target, const AddressAnswer& found) {
    auto& addresses = answer_.addresses[target];
    addresses.insert(addresses.end(), found.addresses.begin(), found.addresses.end());
    is_partial_ |= found.said == Said::failed;
    if (found.said != Said::failed) answer_.ttl = std::min(answer_.ttl, found.ttl);
    if (--awaited_ == 0) finish();
  }

  void finish() {
    Found found{.status = Status::found, .ttl = answer_.ttl};
    for (const SrvRecord& record : answer_.records) {
      Endpoint endpoint = endpoint_of(record);
      if (!endpoint.addresses.empty()) found.endpoints.push_back(std::move(endpoint));
    }
    if (is_partial_) found.ttl = std::min(found.ttl, limits::k_client_partial_ttl);
    if (found.endpoints.empty() && is_partial_) return fail("no name server gives the addresses of its endpoints");
    if (found.endpoints.empty()) say_why_empty(found);
    done_(std::move(found));
  }

  [[nodiscard]] Endpoint endpoint_of(const SrvRecord& record) const {
    Endpoint endpoint{.target = record.target.text_without_dot(),
                      .port = record.port,
                      .priority = record.priority,
                      .weight = record.weight};
    for (const IpAddress& address : answer_.addresses.at(record.target)) endpoint.addresses.push_back(address.text());
    return endpoint;
  }

  void say_why_empty(Found& found) const {
    const bool is_known = answer_.said != Said::no_name;
    found.status = is_known ? Status::no_endpoints : Status::unknown_name;
    found.message = is_known ? name_.text_without_dot() + " has no endpoint at the moment"
                             : "there is no name " + name_.text_without_dot();
  }

  void fail(const std::string& why) {
    done_(Found{.message = name_.text_without_dot() + " cannot be looked up: " + why});
  }

  Upstreams& upstreams_;
  Name name_;
  std::function<void(Found)> done_;
  SrvAnswer answer_;
  std::size_t awaited_ = 0;
  bool is_partial_ = false;  // the address query for a target has failed
};

}  // namespace

void look_up(Upstreams& upstreams, const dns::Name& name, std::function<void(Found)> done) {
  std::make_shared<Lookup>(upstreams, name, std::move(done))->begin();
}

}  // namespace rollcall::client
