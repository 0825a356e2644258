#include "cluster/wire/messages.h"

#include "base/limits.h"
#include "base/random.h"
#include "catch.h"

namespace rollcall::cluster {
namespace {

using Frame = std::vector<std::uint8_t>;

Frame frame_of(PeerBody body, std::uint64_t number = 7, std::size_t seal_bytes = 0) {
  Frame frame;
  write_frame({number, std::move(body)}, seal_bytes, frame);
  return frame;
}

std::expected<PeerMessage, PeerRefusal> parse_frame(const Frame& frame, std::size_t seal_bytes = 0) {
  const auto head = parse_head(Bytes(frame).first(k_frame_head_bytes), seal_bytes);
  if (!head) return std::unexpected(head.error());
  REQUIRE(head->rest == frame.size() + seal_bytes - k_frame_head_bytes);
  return parse_body(head->type, Bytes(frame).subspan(k_frame_head_bytes));
}

PollRequest some_poll() {
  return {.from = "n1",
          .from_incarnation = 1,
          .to_incarnation = UINT64_MAX,
          .fetched = {1ULL << 40, 5},
          .whole_from = 9,
          .silence = std::chrono::milliseconds(25)};
}

PollAnswer some_answer(std::size_t items) {
  PollAnswer answer{.incarnation = 3, .is_member = true, .applied = 1LL << 50, .items = {}, .fetched = {70'000, 2}};
  answer.whole_from = UINT32_MAX;
  answer.complete = true;
  for (std::uint32_t i = 0; i < items; ++i) answer.items.push_back({{{i, ~i, i * 3}}, i});
  return answer;
}

TEST_CASE("every message between nodes is read as it was written") {
  PeerHello hello{.cluster = "prod", .node = "n1", .incarnation = 77, .is_sealed = true};
  hello.nonce.fill(0xab);
  const DrainQuestion question{"svc.internal", "web", std::string(limits::k_door_id_bytes_max, 'i'), 1LL << 60};
  const std::vector<PeerBody> bodies = {hello,
                                        PeerReady{},
                                        some_poll(),
                                        PollRequest{.from = "n2"},
                                        some_answer(0),
                                        some_answer(1'000),
                                        PollAnswer{},
                                        question,
                                        DrainAnswer{true, std::chrono::milliseconds(1'500)}};
  for (const PeerBody& body : bodies) {
    for (const std::size_t seal : {std::size_t{0}, k_seal_bytes}) {
      const Frame frame = frame_of(body, 1ULL << 60, seal);
      CHECK(frame.size() <= frame_bytes_max(type_of(body)) - k_seal_bytes);
      const auto read = parse_frame(frame, seal);
      REQUIRE(read.has_value());
      CHECK(type_of(read->body) == type_of(body));
      CHECK(frame_of(read->body, read->number, seal) == frame);
    }
  }
}

TEST_CASE("an answer's items keep id and age") {
  const auto read = parse_frame(frame_of(some_answer(3)));
  REQUIRE(read.has_value());
  const auto& answer = std::get<PollAnswer>(read->body);
  REQUIRE(answer.items.size() == 3);
  CHECK(answer.items[2].id == InstanceId{{2, ~2U, 6}});
  CHECK(answer.items[2].age == 2);
  CHECK(answer.whole_from == UINT32_MAX);
  CHECK(answer.complete);
}

TEST_CASE("the largest answer is a MiB of items, and one more is refused before it is read") {
  Frame frame = frame_of(some_answer(k_items_max));
  CHECK(frame.size() == frame_bytes_max(FrameType::poll_answer) - k_seal_bytes);
  CHECK(parse_frame(frame).has_value());
  store_u32(frame.data(), load_u32(frame.data()) + sizeof(BeatItem));
  CHECK(parse_head(Bytes(frame).first(k_frame_head_bytes), 0).error() == PeerRefusal::too_large);
}

TEST_CASE("a count of items that are not there is malformed") {
  Frame frame = frame_of(some_answer(2));
  store_u32(frame.data() + k_frame_head_bytes + 41, UINT32_MAX);
  CHECK(parse_frame(frame).error() == PeerRefusal::malformed);
}

TEST_CASE("garbage, another version, and a frame too large are told apart") {
  const auto refusal = [](std::string_view text) { return parse_head(octets(text), 0).error(); };
  CHECK(refusal("GET / HT") == PeerRefusal::malformed);
  CHECK(refusal(std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01", 8)) == PeerRefusal::malformed);
  CHECK(refusal(std::string_view("\0\0\0\4\2\3\0\0", 8)) == PeerRefusal::version);
  CHECK(refusal(std::string_view("\0\0\0\4\1\7\0\0", 8)) == PeerRefusal::malformed);
  CHECK(refusal(std::string_view("\0\0\0\4\1\0\0\0", 8)) == PeerRefusal::malformed);
  CHECK(refusal(std::string_view("\0\0\0\3\1\2\0\0", 8)) == PeerRefusal::malformed);
  CHECK(refusal(std::string_view("\0\0\0\5\1\2\0\0", 8)) == PeerRefusal::too_large);
  CHECK(refusal(std::string_view("\377\377\377\377\1\4\0\0", 8)) == PeerRefusal::too_large);
  CHECK(parse_head(octets(std::string_view("\0\0\0\4\1\2\0\0", 8)), k_seal_bytes).error() == PeerRefusal::malformed);
}

TEST_CASE("values that cannot be are malformed: silence of the future, names that are none, ages beyond the last") {
  const std::size_t silence = k_frame_head_bytes + 8 + 8 + 8 + 8 + 4 + 1 + 4;
  Frame poll = frame_of(some_poll());
  poll[silence] = 0x80;
  CHECK(parse_frame(poll).error() == PeerRefusal::malformed);
  CHECK(parse_frame(frame_of(PollRequest{.from = ""})).error() == PeerRefusal::malformed);
  CHECK(parse_frame(frame_of(PollRequest{.from = "N1"})).error() == PeerRefusal::malformed);
  CHECK(parse_frame(frame_of(PeerHello{.cluster = "a/b", .node = "n1"})).error() == PeerRefusal::malformed);
  PollAnswer answer = some_answer(1);
  answer.items[0].age = UINT32_MAX;
  CHECK(parse_frame(frame_of(answer)).error() == PeerRefusal::malformed);
  answer = some_answer(1);
  answer.applied = -1;
  CHECK(parse_frame(frame_of(answer)).error() == PeerRefusal::malformed);
}

TEST_CASE("a frame that is cut, or goes on, is malformed") {
  for (const PeerBody& body : std::vector<PeerBody>{PeerHello{.cluster = "c", .node = "n"}, some_poll(), some_answer(2),
                                                    DrainQuestion{"z", "s", "i", 1}, DrainAnswer{}}) {
    const Frame frame = frame_of(body);
    const Bytes whole = Bytes(frame).subspan(k_frame_head_bytes);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK(parse_body(type_of(body), whole.first(size)).error() == PeerRefusal::malformed);
    }
    Frame longer(whole.begin(), whole.end());
    longer.push_back(0);
    CHECK(parse_body(type_of(body), longer).error() == PeerRefusal::malformed);
  }
}

TEST_CASE("texts that are too long for a frame are cut to it") {
  const DrainQuestion question{std::string(999, 'z'), "web", std::string(9'999, 'i'), 1};
  const auto read = parse_frame(frame_of(question));
  REQUIRE(read.has_value());
  CHECK(std::get<DrainQuestion>(read->body).zone.size() == 255);
  CHECK(std::get<DrainQuestion>(read->body).id.size() == 512);
}

}  // namespace
}  // namespace rollcall::cluster
