// The label of an instance: what its id becomes in the DNS. The expected values are literal: a label is in people's
// configurations, and may not change from one version to the next.
#include <set>
#include <string>
#include <string_view>

#include "base/ascii_case.h"
#include "catch.h"
#include "dns/name.h"
#include "registry/instance/instance.h"

namespace rollcall::registry {
namespace {

struct Expected {
  std::string_view id;
  std::string_view label;
};

TEST_CASE("an id that is a host-name label is the label, in its own case") {
  for (const std::string id : {"i-1", "I-1", "a", "7", "web--1", "x--y", "xn--hxajbheg2az3al", "a--deadbee",
                               "web--deadbeeg", "web-deadbeef", "deadbeef"}) {
    CHECK(label_of(id) == id);
  }
  const std::string longest(63, 'a');
  CHECK(label_of(longest) == longest);
}

TEST_CASE("any other id has a derived label, the same in every version") {
  const auto [id, label] = GENERATE(Catch::Generators::values<Expected>({
      {"192.0.2.1-8080", "192-0-2-1-8080--a499b09e"},
      {"2001:db8::1-8080", "2001-db8-1-8080--056ae588"},
      {"web_1", "web-1--6d04544f"},
      {"Web_1", "web-1--5e8a1715"},
      {"-web", "web--a518c9f1"},
      {"web-", "web--24973622"},
      {"...", "i--1b922c0e"},
      {"a..b", "a-b--1126baec"},
      {"h\xc3\xa4user", "h-user--b4ec5230"},
      {"\xe6\x97\xa5\xe6\x9c\xac", "i--b4ceb0a4"},
  }));
  CHECK(label_of(id) == label);
}

TEST_CASE("an id that looks like a derived label gets a derived one too") {
  CHECK(label_of("web--deadbeef") == "web-deadbeef--c13c187d");
  CHECK(label_of("web--DEADBEEF") == "web-deadbeef--c708f0c8");
  CHECK(label_of("--deadbeef") == "deadbeef--f735cd23");
  // So the id that copies another's derived label does not meet it.
  CHECK(label_of("web-1--6d04544f") != label_of("web_1"));
}

TEST_CASE("a derived label looked like an A-label, which browsers and IDNA libraries decode or refuse") {
  CHECK(label_of("xn_") == "xn-i--" + label_of("xn_").substr(6));
  CHECK(label_of("XN.") != label_of("xn."));
  for (const char* id : {"xn_", "XN.", "_xn", "x.n", "a1:", "\xc3\xa9xn"}) {
    CAPTURE(id);
    CHECK(label_of(id).substr(2, 2) != "--");
  }
  CHECK(label_of("xn--mnchen-3ya") == "xn--mnchen-3ya");  // what a client calls itself stays
}

TEST_CASE("an id of 64 octets is no label, and its derived one has 63") {
  CHECK(label_of(std::string(64, 'a')) == std::string(53, 'a') + "--285ec3ac");
  CHECK(label_of(std::string(128, 'a')) == std::string(53, 'a') + "--86c43cf8");
  CHECK(label_of(std::string(52, 'x') + ".y") == std::string(52, 'x') + "--88866a52");
}

TEST_CASE("whatever the id, the label is a host-name label of its own") {
  std::set<std::string> labels;
  const std::string_view alphabet("aZ0-._:\xc3\xa9@", 11);
  std::size_t count = 0;
  std::string id;
  const auto try_all = [&](const auto& again, std::size_t left) -> void {
    if (!id.empty()) {
      const std::string label = label_of(id);
      ++count;
      labels.insert(label);
      const bool is_label = label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
                            label.find_first_not_of("abcdefghijklmnopqrstuvwxyzZ0123456789-") == std::string::npos;
      if (!is_label) FAIL(id << " became " << label);
    }
    if (left == 0) return;
    for (const char c : alphabet) {
      id.push_back(c);
      again(again, left - 1);
      id.pop_back();
    }
  };
  try_all(try_all, 4);
  CHECK(labels.size() == count);
}

TEST_CASE("ids are equal but for case as names are: in ASCII only") {
  CHECK(equal_but_for_case("Web-1", "wEB-1"));
  CHECK_FALSE(equal_but_for_case("web-1", "web-2"));
  CHECK_FALSE(equal_but_for_case("web", "web-1"));
  CHECK_FALSE(equal_but_for_case("@web", "`web"));          // 0x40, 0x60: one bit apart, and no letters
  CHECK_FALSE(equal_but_for_case("[a", "{a"));              // 0x5b, 0x7b
  CHECK_FALSE(equal_but_for_case("\xc3\x84", "\xc3\xa4"));  // Ä, ä
  const InstanceRef upper{{ZoneId{0}, "web"}, "I-1"};
  const InstanceRef lower{{ZoneId{0}, "web"}, "i-1"};
  CHECK(hash_of(upper) == hash_of(lower));
  CHECK(upper != lower);
}

TEST_CASE("the same name in two zones is two services") {
  CHECK(ServiceRef{ZoneId{0}, "web"} != ServiceRef{ZoneId{1}, "web"});
  CHECK(hash_of(ServiceRef{ZoneId{0}, "web"}) != hash_of(ServiceRef{ZoneId{1}, "web"}));
}

TEST_CASE("protocols and statuses have the names of the API") {
  CHECK(to_text(Protocol::tcp) == "tcp");
  CHECK(to_text(Protocol::udp) == "udp");
  CHECK(to_text(Status::ready) == "ready");
  CHECK(to_text(Status::draining) == "draining");
  CHECK(to_text(Status::critical) == "critical");
}

}  // namespace
}  // namespace rollcall::registry
