// The answers of a connection, in the order of its requests: places that end, and tickets that then lead to nobody.
#include "net/http/answer_queue.h"

#include <string>

#include "base/limits.h"
#include "catch.h"

namespace rollcall::net {
namespace {

using Awaits = AnswerQueue::Awaits;
constexpr auto k_never = AnswerQueue::Time::max();

api::Response said(std::string body) { return {.status = 200, .body = std::move(body), .headers = {}}; }

AnswerQueue::Ticket reserve_slot(AnswerQueue& queue, Awaits awaits = Awaits::change) {
  return queue.reserve({}, awaits, 100, k_never);
}

std::string sent(AnswerQueue& queue) {
  Outbox out;
  queue.move_ready(out);
  std::string text;
  while (!out.empty()) text += out.take_front();
  return text;
}

TEST_CASE("answers leave in the order of their requests, whenever they come") {
  AnswerQueue queue;
  const auto first = reserve_slot(queue);
  const auto second = reserve_slot(queue);
  queue.add(said("third"), {});
  CHECK(queue.answer(second, said("second")));
  CHECK(sent(queue).empty());
  CHECK(queue.answer(first, said("first")));
  const std::string text = sent(queue);
  CHECK(text.find("first") < text.find("second"));
  CHECK(text.find("second") < text.find("third"));
  CHECK(queue.empty());
  CHECK(queue.bytes() == 0);
}

TEST_CASE("an answer that comes when its place has gone finds nobody, and never another's place") {
  AnswerQueue queue;
  const auto late = reserve_slot(queue);
  SECTION("answered, and sent") {
    CHECK(queue.answer_last(late, said("too slow")));
    CHECK(sent(queue).find("Connection: close") != std::string::npos);
  }
  SECTION("answered, and not sent yet") {
    CHECK(queue.answer(late, said("too slow")));
    CHECK_FALSE(queue.answer(late, said("again")));
    CHECK(sent(queue).find("again") == std::string::npos);
  }
  SECTION("the connection has been closed") { queue.clear(); }
  CHECK_FALSE(queue.is_awaited(late));
  CHECK_FALSE(queue.answer(late, said("late")));
  CHECK(queue.take_waiting(late) == nullptr);
  const auto next = reserve_slot(queue);
  CHECK_FALSE(queue.answer(late, said("late")));
  CHECK(queue.is_awaited(next));
  CHECK(queue.answer(next, said("next")));
  CHECK(sent(queue).ends_with("next"));
}

TEST_CASE("what is held for a client is counted until it leaves") {
  AnswerQueue queue;
  const auto first = reserve_slot(queue);
  const auto second = reserve_slot(queue);
  CHECK(queue.bytes() == 200);
  queue.answer(second, said(std::string(5'000, 'x')));
  CHECK(queue.bytes() >= 5'100);
  queue.answer(first, said("x"));
  static_cast<void>(sent(queue));
  CHECK(queue.bytes() == 0);
  static_cast<void>(reserve_slot(queue));
  queue.clear();
  CHECK(queue.bytes() == 0);
}

TEST_CASE("a queue is full at its limit") {
  AnswerQueue queue;
  for (std::size_t i = 1; i < limits::k_http_pipeline_max; ++i) static_cast<void>(reserve_slot(queue));
  CHECK_FALSE(queue.is_full());
  static_cast<void>(reserve_slot(queue));
  CHECK(queue.is_full());
}

TEST_CASE("what waits for the disk has a time, and what has been answered none") {
  AnswerQueue queue;
  const auto due = std::chrono::steady_clock::now();
  CHECK_FALSE(queue.next_due());
  const auto first = queue.reserve({}, Awaits::change, 0, due);
  static_cast<void>(queue.reserve({}, Awaits::change, 0, due + std::chrono::seconds(1)));
  CHECK(queue.next_due() == due);
  queue.answer(first, said(""));
  CHECK(queue.next_due() == due + std::chrono::seconds(1));
  CHECK(queue.pending().size() == 1);
}

TEST_CASE("a call that reads is told apart: nothing may follow it") {
  AnswerQueue queue;
  const auto page = reserve_slot(queue, Awaits::history);
  CHECK(queue.awaits_read());
  queue.answer(page, said(""));
  CHECK_FALSE(queue.awaits_read());
}

TEST_CASE("what has been sent is held no longer, however long it was") {
  Outbox out;
  for (const bool at_once : {true, false}) {
    out.append("head");
    out.append(std::string(std::size_t{4} << 20, 'x'));
    CHECK(out.bytes() > std::size_t{4} << 20);
    out.consume(4);
    if (at_once) {
      out.consume(std::size_t{4} << 20);
    } else {
      static_cast<void>(out.take_front());
    }
    CHECK(out.empty());
    CHECK(out.bytes() == 0);
    CHECK(out.tail().capacity() < 200'000);
  }
  out.append(std::string(100'000, 'x'));
  out.clear();
  CHECK(out.bytes() == 0);
  CHECK(out.tail().capacity() < 1'000);
}

TEST_CASE("a large text is sent as it is, and small ones together") {
  Outbox out;
  out.append("small ");
  out.append(std::string(100'000, 'x'));
  out.append("after");
  CHECK(out.bytes() >= 100'011);
  CHECK(out.front() == "small ");
  out.consume(2);
  CHECK(out.take_front() == "all ");
  CHECK(out.front().size() == 100'000);
  out.consume(99'999);
  CHECK(out.front() == "x");
  out.consume(1);
  CHECK(out.front() == "after");
  out.consume(5);
  CHECK(out.empty());
}

}  // namespace
}  // namespace rollcall::net
