// The parts of a service's answers, while they are being made: what ServiceAnswers then holds in one block.
//
// Shape    as in ServiceAnswers, each part by itself: `octets` are the service's name and the addresses of the views, `records`
//          and `texts` the members', whose offsets count from the part they are in.
// Owner    whoever builds; borrows the service for the call.
// Threads  one.
// Source   RFC 2782, RFC 2181 §5.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answer/roster/service_answers.h"
#include "dns/name.h"
#include "registry/instance/instance.h"

namespace rollcall::answer {

struct ServiceParts {
  // An address with its weight, as numbers that sort as its octets do.
  struct Listed {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::uint32_t weight = 0;
    std::string_view octets;
  };

  enum class Answered : std::uint8_t { ready, ready_and_critical };
  // `its_label`: of the service in the DNS.
  ServiceParts(const registry::Service& its_service, std::string_view its_label, const dns::Name& apex,
               Answered its_answered);

  const registry::Service& service;
  const std::string_view service_label;
  const Answered answered;
  std::vector<Member> members;        // sorted by label
  std::vector<std::uint8_t> octets;   // the name, and the lists' addresses
  std::vector<std::uint8_t> records;  // the members' SRV and addresses
  std::vector<std::uint8_t> texts;    // the members' TXT, SVCB and HTTPS, where they have them
  std::vector<std::uint32_t> order;
  std::vector<std::uint32_t> weights;
  View all;
  std::vector<View> views;                                // those of a protocol that are not `all`
  std::array<std::uint8_t, 2> view_of{};                  // as in ServiceAnswers
  std::vector<std::pair<std::string_view, View>> by_tag;  // sorted
  bool has_hosts = false;                                 // an instance has the name of a host, and no address
  bool has_portless = false;                              // an instance without a port, which no view has in its order
  bool has_free_tags = false;                             // a tag that is no label, and has no view

 private:
  [[nodiscard]] bool is_answered(const registry::Instance& instance) const;
  void add_members(const dns::Name& apex);
  void add_member(const registry::Instance& instance, std::string_view label, Bytes service_name);
  [[nodiscard]] static std::string host_target(const registry::Instance& instance);
  void add_txt(Member& member);
  void add_svcb(Member& member);
  void put_svcb(const Member& member, std::string_view alpn, bool has_no_default);
  void add_protocols();
  void add_tags();
  [[nodiscard]] View make_view(std::span<const std::uint32_t> candidates);
  [[nodiscard]] AddressList make_address_list(std::span<const std::uint32_t> best, Family family);
  [[nodiscard]] std::span<const std::uint8_t> addresses(const Member& member, Family family) const;

  std::vector<Listed> listed_;  // of one list at a time; its memory is used again
  registry::ProtocolSet protocols_of_members_ = 0;
  bool has_tags_ = false;
  std::deque<std::string> folded_tags_;  // of doors whose tags are any text
};

// Whether a label comes before another, case apart.
[[nodiscard]] bool comes_before(std::string_view label, std::string_view other) noexcept;

}  // namespace rollcall::answer
