#include "client/upstreams.h"

#include <utility>

#include "base/check.h"
#include "client/answers.h"

namespace rollcall::client {

struct Upstreams::Question {
  dns::Name name;
  dns::Type type;
  Transport transport;
  DnsChannel::Answered answered;
  std::size_t first;
  std::size_t tried = 0;
  std::string trouble = "there is no name server to ask";
};

Upstreams::Upstreams(const std::vector<IpEndpoint>& servers, std::chrono::milliseconds try_timeout, int tries)
    : tries_max_(servers.size() * static_cast<std::size_t>(tries)) {
  for (const IpEndpoint& server : servers) {
    servers_.push_back({.text = server.text(),
                        .udp = std::make_unique<DnsChannel>(server, Transport::udp, try_timeout),
                        .tcp = std::make_unique<DnsChannel>(server, Transport::tcp, try_timeout)});
  }
}

void Upstreams::ask(const dns::Name& name, dns::Type type, Transport transport, DnsChannel::Answered answered) {
  check(static_cast<bool>(answered), "an answer is delivered");
  try_next(std::make_shared<Question>(Question{name, type, transport, std::move(answered), first_}));
}

void Upstreams::try_next(const std::shared_ptr<Question>& question) {
  if (question->tried == tries_max_) return question->answered({}, question->trouble);
  const std::size_t at = (question->first + question->tried++) % servers_.size();
  const Server& server = servers_[at];
  DnsChannel& channel = question->transport == Transport::udp ? *server.udp : *server.tcp;
  channel.ask(question->name, question->type, [this, at, question](Bytes message, const std::string& trouble) {
    if (is_conclusive(message)) {
      first_ = at;
      return question->answered(message, {});
    }
    const std::string why = message.empty() ? trouble : "answers " + rcode_text(message);
    question->trouble = "the name server " + servers_[at].text + " " + why;
    try_next(question);
  });
}

void Upstreams::add_sockets(std::vector<pollfd>& polled) const {
  with_each([&](const DnsChannel& channel) { channel.add_sockets(polled); });
}

void Upstreams::process(const std::vector<pollfd>& polled) {
  with_each([&](DnsChannel& channel) { channel.process(polled); });
}

std::chrono::milliseconds Upstreams::time_left(std::chrono::milliseconds most) const {
  with_each([&](const DnsChannel& channel) { most = channel.time_left(most); });
  return most;
}

}  // namespace rollcall::client
