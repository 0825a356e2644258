#include "tools/rollcall/watch_view.h"

#include "catch.h"

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;

const WatchView::Time k_opened = WatchView::Time{} + 1h;
constexpr Frame k_frame{.columns = 120, .rows = 24, .is_colored = false, .has_utf8 = false};

Service web(std::vector<std::string> ids) {
  Service service{"web", "svc.internal", 1, {}};
  for (const std::string& id : ids) {
    Instance instance;
    instance.id = id;
    instance.status = "ready";
    instance.addresses = {"192.0.2.1"};
    instance.port = 80;
    instance.ttl = 30s;
    instance.expires_in = 15s;
    service.instances.push_back(std::move(instance));
  }
  return service;
}

RollEvent event(const std::string& kind, const std::string& cause, const std::string& id) {
  return {.kind = kind, .cause = cause, .at = "", .service = "web", .id = id, .json = "{}"};
}

TEST_CASE("a lease's bar is empty when it has ended, and not before") {
  CHECK(lease_bar(30s, 30s, false) == "########## 30s");
  CHECK(lease_bar(15s, 30s, false) == "#####----- 15s");
  CHECK(lease_bar(1ms, 30s, false) == "#--------- 0s");
  CHECK(lease_bar(0ms, 30s, false) == "---------- 0s");
  CHECK(lease_bar(-5s, 30s, false) == "---------- 0s");
  CHECK(lease_bar(90min, 24h, true) == "█░░░░░░░░░ 1h");
}

TEST_CASE("each instance has a row, with its state, address, lease and what happened last") {
  WatchView view("web");
  view.show(web({"a", "b"}), k_opened);
  view.note(event("registered", "registered", "b"), k_opened);
  CHECK(view.draw(k_frame, k_opened + 5s) ==
        std::vector<std::string>{"web: 2 ready of 2",
                                 "SERVICE  INSTANCE  STATE  ADDRESS       LEASE           LAST EVENT",
                                 "web      a         ready  192.0.2.1:80  ####------ 10s  ",
                                 "web      b         ready  192.0.2.1:80  ####------ 10s  registered 5s ago"});
}

TEST_CASE("who has left is shown for ten seconds more") {
  WatchView view("web");
  view.show(web({"a", "b"}), k_opened);
  view.note(event("expired", "lease expired", "a"), k_opened);
  view.show(web({"b"}), k_opened);
  CHECK(view.draw(k_frame, k_opened + 1s).at(0) == "web: 1 ready of 1");
  CHECK(view.draw(k_frame, k_opened + 1s).at(2).starts_with("web      a         gone "));
  CHECK(view.draw(k_frame, k_opened + 1s).at(2).ends_with("lease expired 1s ago"));
  view.show(web({"b"}), k_opened + 9s);
  CHECK(view.draw(k_frame, k_opened + 9s).size() == 4);
  view.show(web({"b"}), k_opened + 10s);
  CHECK(view.draw(k_frame, k_opened + 10s).size() == 3);
}

TEST_CASE("who comes back is there again") {
  WatchView view("web");
  view.show(web({"a"}), k_opened);
  view.note(event("expired", "lease expired", "a"), k_opened);
  view.note(event("registered", "renewed after gap", "a"), k_opened + 1s);
  view.show(web({"a"}), k_opened + 1s);
  CHECK(view.draw(k_frame, k_opened + 1s).at(2).contains("ready"));
}

TEST_CASE("a frame is no larger than its terminal, and says what did not fit") {
  WatchView view("web");
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.push_back("instance-" + std::to_string(i));
  view.show(web(ids), k_opened);
  for (const std::size_t columns : {1U, 20U, 81U}) {
    const auto lines = view.draw({.columns = columns, .rows = 10, .is_colored = true, .has_utf8 = true}, k_opened);
    CHECK(lines.size() == 10);
    for (const std::string& line : lines) CHECK(columns_of(line) <= columns);
  }
  CHECK(view.draw({.columns = 80, .rows = 10}, k_opened).back() == "… and 93 more");
  CHECK(view.services_in({.columns = 80, .rows = 10}) == std::vector<std::string>{"web"});
}

TEST_CASE("state and lease are visible on narrow terminals, and ids keep both ends") {
  WatchView view("web");
  view.show(
      web({"web-deployment-7f9c6d5b48-x2k4p-of-a-long-name-1", "web-deployment-7f9c6d5b48-x2k4p-of-a-long-name-2"}),
      k_opened);
  for (const std::size_t columns : {50U, 80U}) {
    const auto lines = view.draw({.columns = columns, .rows = 10, .has_utf8 = false}, k_opened);
    for (const std::string& line : lines) CHECK(columns_of(line) <= columns);
    CHECK(lines.at(1).contains("STATE"));
    CHECK(lines.at(1).contains("LEASE"));
    CHECK(lines.at(2).contains("ready"));
    CHECK(lines.at(2).contains("#####----- 15s"));
    CHECK(lines.at(2).contains("web-"));
    CHECK(lines.at(2).contains("-1 "));
    CHECK(lines.at(3).contains("-2 "));
  }
  CHECK(shortened("abcdefghij", 5, false) == "ab~ij");
  CHECK(shortened("abcde", 5, false) == "abcde");
}

TEST_CASE("rows are scrolled, filtered and sorted") {
  WatchView view("web");
  Service service = web({"a", "b", "c"});
  service.instances[2].status = "critical";
  service.instances[1].expires_in = 5s;
  view.show(service, k_opened);
  const auto ids = [&] {
    std::string all;
    const auto lines = view.draw(k_frame, k_opened);
    for (std::size_t i = 2; i < lines.size(); ++i) all += lines[i].substr(9, 1);
    return all;
  };
  CHECK(ids() == "abc");
  view.sort_by_next();
  CHECK(ids() == "cab");
  view.sort_by_next();
  CHECK(ids() == "bac");
  view.sort_by_next();
  view.scroll(2);
  CHECK(ids() == "c");
  view.scroll(-9);
  view.set_filter("critical");
  CHECK(ids() == "c");
}

TEST_CASE("what happened before the watch stands in the last column, and gives way to what is newer") {
  WatchView view("web");
  view.show(web({"a"}), k_opened);
  view.recall(event("registered", "registered", "a"), k_opened - 60s);
  view.recall(event("updated", "changed", "a"), k_opened - 90s);
  CHECK(view.draw(k_frame, k_opened).at(2).ends_with("registered 1m ago"));
  view.note(event("draining", "drain started", "a"), k_opened);
  CHECK(view.draw(k_frame, k_opened).at(2).ends_with("drain started 0s ago"));
}

TEST_CASE("what others have written moves no cursor") {
  WatchView view("web");
  view.show(web({"a\x1b[2J"}), k_opened);
  view.note(event("critical", "check \x1b]0;x\x07", "a\x1b[2J"), k_opened);
  for (const std::string& line : view.draw(k_frame, k_opened)) CHECK(!line.contains('\x1b'));
}

TEST_CASE("a remark stands in the first line until it is taken back") {
  WatchView view("web");
  view.set_remark("127.0.0.1:8500 refuses connections");
  CHECK(view.draw(k_frame, k_opened).front() == "web: 0 ready of 0; 127.0.0.1:8500 refuses connections");
  view.set_remark("");
  CHECK(view.draw(k_frame, k_opened).front() == "web: 0 ready of 0");
}

}  // namespace
}  // namespace rollcall::cli
