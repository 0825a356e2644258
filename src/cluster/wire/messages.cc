#include "cluster/wire/messages.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "cluster/keys.h"

namespace rollcall::cluster {
namespace {

constexpr std::uint32_t k_magic = 0x5243504E;  // "RCPN"
constexpr std::size_t k_text_max = UINT8_MAX;
constexpr std::size_t k_id_bytes_max = 4 * limits::k_id_characters_max;  // of the native API, the longest of all
constexpr std::size_t k_item_bytes = sizeof(BeatItem);
constexpr std::size_t k_answer_head_bytes = 45;
constexpr Duration k_silence_max = std::chrono::hours(24) * 36'500;
constexpr std::uint64_t k_safe_ms_max = std::uint64_t{1} << 40;

enum AnswerFlags : std::uint8_t { k_member = 1, k_complete = 2, k_whole = 4 };

// ---------------------------------------------------------------- writing

class FrameWriter {
 public:
  explicit FrameWriter(std::vector<std::uint8_t>& out) : out_(out) {}

  void u8(std::uint8_t value) { out_.push_back(value); }
  void u32(std::uint32_t value) { store_u32(grow(4), value); }
  void u64(std::uint64_t value) { store_word(grow(8), value); }
  void bytes(Bytes octets) { out_.insert(out_.end(), octets.begin(), octets.end()); }
  void text(std::string_view text) {
    const std::string_view cut = text.substr(0, k_text_max);
    u8(static_cast<std::uint8_t>(cut.size()));
    bytes(octets(cut));
  }
  void long_text(std::string_view text) {
    const std::string_view cut = text.substr(0, k_id_bytes_max);
    store_u16(grow(2), static_cast<std::uint16_t>(cut.size()));
    bytes(octets(cut));
  }
  std::uint8_t* grow(std::size_t octets) {
    out_.resize(out_.size() + octets);
    return out_.data() + out_.size() - octets;
  }

 private:
  std::vector<std::uint8_t>& out_;
};

void put(const PeerHello& hello, FrameWriter& out) {
  out.u32(k_magic);
  out.u64(hello.incarnation);
  out.u8(hello.is_sealed ? 1 : 0);
  out.bytes(hello.nonce);
  out.text(hello.cluster);
  out.text(hello.node);
}

void put(const PeerReady&, FrameWriter&) {}

void put(const PollRequest& request, FrameWriter& out) {
  out.u64(request.from_incarnation);
  out.u64(request.to_incarnation);
  out.u64(request.fetched.sequence);
  out.u32(request.fetched.slot);
  out.u8(request.whole_from ? 1 : 0);
  out.u32(request.whole_from.value_or(0));
  out.u64(static_cast<std::uint64_t>(std::clamp<Duration>(request.silence, Duration::zero(), k_silence_max).count()));
  out.text(request.from);
}

void put(const PollAnswer& answer, FrameWriter& out) {
  const std::size_t count = std::min(answer.items.size(), k_items_max);
  check(count == answer.items.size(), "an answer has at most k_items_max items");
  out.u64(answer.incarnation);
  out.u8(static_cast<std::uint8_t>((answer.is_member ? k_member : 0) | (answer.complete ? k_complete : 0) |
                                   (answer.whole_from ? k_whole : 0)));
  out.u64(static_cast<std::uint64_t>(answer.applied));
  out.u64(answer.fetched.sequence);
  out.u32(answer.fetched.slot);
  out.u32(answer.whole_from.value_or(0));
  out.u32(static_cast<std::uint32_t>(count));
  std::uint8_t* at = out.grow(count * k_item_bytes);
  for (const BeatItem& item : answer.items) {
    for (const std::uint32_t word : item.id.words) {
      store_u32(at, word);
      at += sizeof(word);
    }
    store_u32(at, item.age);
    at += sizeof(item.age);
  }
}

void put(const DrainQuestion& question, FrameWriter& out) {
  out.u64(static_cast<std::uint64_t>(question.revision));
  out.text(question.zone);
  out.text(question.service);
  out.long_text(question.id);
}

void put(const DrainAnswer& answer, FrameWriter& out) {
  out.u8(answer.is_applied ? 1 : 0);
  const auto ms = std::max<std::int64_t>(answer.safe_in.count(), 0);
  out.u64(std::min(static_cast<std::uint64_t>(ms), k_safe_ms_max));
}

// ---------------------------------------------------------------- reading

// As ByteReader; a value that cannot be makes it fail as well.
class FrameReader {
 public:
  explicit FrameReader(Bytes bytes) : in_(bytes) {}

  std::uint8_t u8() { return in_.u8(); }
  std::uint32_t u32() { return in_.u32(); }
  std::uint64_t u64() {
    const std::uint64_t high = in_.u32();
    return high << 32 | in_.u32();
  }
  std::int64_t count(std::uint64_t max = INT64_MAX) {
    const std::uint64_t value = u64();
    require(value <= max);
    return static_cast<std::int64_t>(std::min(value, max));
  }
  bool truth() {
    const std::uint8_t value = u8();
    require(value <= 1);
    return value == 1;
  }
  std::string text() { return std::string(text_of(in_.bytes(u8()))); }
  std::string long_text(std::size_t max) {
    const std::size_t size = in_.u16();
    require(size <= max);
    return std::string(text_of(in_.bytes(size)));
  }
  Bytes bytes(std::size_t size) { return in_.bytes(size); }
  void require(bool holds) { ok_ = ok_ && holds; }
  [[nodiscard]] std::size_t left() const { return in_.left(); }
  [[nodiscard]] bool is_whole() const { return ok_ && in_.ok() && in_.left() == 0; }

 private:
  ByteReader in_;
  bool ok_ = true;
};

PeerHello read_hello(FrameReader& in) {
  PeerHello hello;
  in.require(in.u32() == k_magic);
  hello.incarnation = in.u64();
  hello.is_sealed = in.truth();
  const Bytes nonce = in.bytes(k_nonce_bytes);
  std::ranges::copy(nonce, hello.nonce.begin());
  hello.cluster = in.text();
  hello.node = in.text();
  in.require(is_node_name(hello.cluster) && is_node_name(hello.node));
  return hello;
}

PollRequest read_poll(FrameReader& in) {
  PollRequest request;
  request.from_incarnation = in.u64();
  request.to_incarnation = in.u64();
  request.fetched.sequence = in.u64();
  request.fetched.slot = in.u32();
  const bool is_whole = in.truth();
  const std::uint32_t whole_from = in.u32();
  if (is_whole) request.whole_from = whole_from;
  request.silence = Duration(in.count(static_cast<std::uint64_t>(k_silence_max.count())));
  request.from = in.text();
  in.require(is_node_name(request.from));
  return request;
}

PollAnswer read_answer(FrameReader& in) {
  PollAnswer answer;
  answer.incarnation = in.u64();
  const std::uint8_t flags = in.u8();
  in.require(flags <= (k_member | k_complete | k_whole));
  answer.is_member = (flags & k_member) != 0;
  answer.complete = (flags & k_complete) != 0;
  answer.applied = in.count();
  answer.fetched.sequence = in.u64();
  answer.fetched.slot = in.u32();
  const std::uint32_t whole_from = in.u32();
  if ((flags & k_whole) != 0) answer.whole_from = whole_from;
  const std::size_t count = in.u32();
  // Before memory is asked for: as many as there are octets for, and no more than may be.
  const bool fits = count <= k_items_max && in.left() == count * k_item_bytes;
  in.require(fits);
  if (!fits) return answer;
  const Bytes items = in.bytes(count * k_item_bytes);
  answer.items.resize(count);
  const std::uint8_t* at = items.data();
  for (BeatItem& item : answer.items) {
    for (std::uint32_t& word : item.id.words) {
      word = load_u32(at);
      at += sizeof(word);
    }
    item.age = load_u32(at);
    at += sizeof(item.age);
    in.require(item.age <= k_age_max);
  }
  return answer;
}

DrainQuestion read_question(FrameReader& in) {
  DrainQuestion question;
  question.revision = in.count();
  question.zone = in.text();
  question.service = in.text();
  question.id = in.long_text(k_id_bytes_max);
  return question;
}

DrainAnswer read_drain_answer(FrameReader& in) {
  DrainAnswer answer;
  answer.is_applied = in.truth();
  answer.safe_in = std::chrono::milliseconds(in.count(k_safe_ms_max));
  return answer;
}

std::size_t body_bytes_max(FrameType type) {
  constexpr std::size_t k_number = 8;
  switch (type) {
    case FrameType::hello: return 4 + 8 + 1 + k_nonce_bytes + 2 * (1 + limits::k_label_bytes_max);
    case FrameType::ready: return 0;
    case FrameType::poll: return k_number + 8 + 8 + 8 + 4 + 1 + 4 + 8 + 1 + limits::k_label_bytes_max;
    case FrameType::poll_answer: return k_answer_head_bytes + k_items_max * k_item_bytes;
    case FrameType::drain_question: return k_number + 8 + 2 * (1 + k_text_max) + 2 + k_id_bytes_max;
    case FrameType::drain_answer: return k_number + 1 + 8;
  }
  std::unreachable();
}

}  // namespace

std::size_t frame_bytes_max(FrameType type) { return k_frame_head_bytes + body_bytes_max(type) + k_seal_bytes; }

void write_frame(const PeerMessage& message, std::size_t seal_bytes, std::vector<std::uint8_t>& frame) {
  frame.clear();
  FrameWriter out(frame);
  const FrameType type = type_of(message.body);
  out.u32(0);
  out.u8(k_peer_version);
  out.u8(static_cast<std::uint8_t>(type));
  store_u16(out.grow(2), 0);
  if (type != FrameType::hello && type != FrameType::ready) out.u64(message.number);
  std::visit([&](const auto& body) { put(body, out); }, message.body);
  store_u32(frame.data(), static_cast<std::uint32_t>(frame.size() - sizeof(std::uint32_t) + seal_bytes));
}

std::expected<FrameHead, PeerRefusal> parse_head(Bytes head, std::size_t seal_bytes) {
  check(head.size() == k_frame_head_bytes, "a head has its size");
  constexpr std::size_t k_counted = k_frame_head_bytes - sizeof(std::uint32_t);  // of the head, by the length
  const std::size_t octets = load_u32(head.data());
  if (load_u16(head.data() + 6) != 0) return std::unexpected(PeerRefusal::malformed);
  if (head[4] != k_peer_version) return std::unexpected(PeerRefusal::version);
  if (head[5] < 1 || head[5] > std::variant_size_v<PeerBody>) return std::unexpected(PeerRefusal::malformed);
  const auto type = static_cast<FrameType>(head[5]);
  if (octets < k_counted + seal_bytes) return std::unexpected(PeerRefusal::malformed);
  if (octets - k_counted - seal_bytes > body_bytes_max(type)) return std::unexpected(PeerRefusal::too_large);
  return FrameHead{type, octets - k_counted};
}

std::expected<PeerMessage, PeerRefusal> parse_body(FrameType type, Bytes body) {
  FrameReader in(body);
  PeerMessage message;
  if (type != FrameType::hello && type != FrameType::ready) message.number = in.u64();
  switch (type) {
    case FrameType::hello: message.body = read_hello(in); break;
    case FrameType::ready: message.body = PeerReady{}; break;
    case FrameType::poll: message.body = read_poll(in); break;
    case FrameType::poll_answer: message.body = read_answer(in); break;
    case FrameType::drain_question: message.body = read_question(in); break;
    case FrameType::drain_answer: message.body = read_drain_answer(in); break;
  }
  if (!in.is_whole()) return std::unexpected(PeerRefusal::malformed);
  return message;
}

}  // namespace rollcall::cluster
