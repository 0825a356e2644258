#include <string>
#include <vector>

#include "base/ascii_case.h"
#include "cluster/roll/values.h"
#include "cluster/skydns/record.h"
#include "cluster/wire/messages.h"
#include "fuzz/targets.h"

namespace rollcall::fuzz {
namespace {

void check_error(const Error& error) { expect(!error.message.empty(), "an error has a sentence"); }

template <class T>
void check_value(std::string_view json, Result<T> (*read)(std::string_view), std::string (*write)(const T&)) {
  const Result<T> first = read(json);
  if (!first) return check_error(first.error());
  const std::string written = write(*first);
  const Result<T> second = read(written);
  expect(second.has_value(), "what is written can be read");
  expect(write(*second) == written, "and says the same");
}

void check_instance(std::string_view json) {
  using namespace cluster;
  const InstancePlace place{"svc.internal", "web", "x1"};
  const auto read = [&](std::string_view text) { return read_instance(text, registry::ZoneId{0}, place, {}, 14); };
  const auto first = read(json);
  if (!first) return check_error(first.error());
  const auto write = [](const StoredInstance& stored) {
    return write_instance(
        {.registration = stored.registration, .standing = stored.standing, .registered_at = stored.registered_at},
        stored.by);
  };
  const auto second = read(write(*first));
  expect(second.has_value(), "an instance that is written can be read");
  expect(second->registration == first->registration && second->standing == first->standing &&
             second->registered_at == first->registered_at && second->by == first->by,
         "and is the same");
}

class SkyZone final : public registry::ZoneDirectory {
 public:
  [[nodiscard]] std::optional<registry::ZoneId> find(std::string_view name) const override {
    return equal_but_for_case(name, "svc.internal") ? std::optional(registry::ZoneId{0}) : std::nullopt;
  }
  [[nodiscard]] std::string name_of(registry::ZoneId) const override { return "svc.internal"; }
  [[nodiscard]] std::size_t apex_bytes_of(registry::ZoneId) const override { return 14; }
  [[nodiscard]] std::optional<registry::TakenName> find_taken(const registry::ServiceRef&) const override {
    return std::nullopt;
  }
};

}  // namespace

void cluster_value(Bytes input) {
  using namespace cluster;
  if (input.empty()) return;
  const std::string_view json = text_of(input.subspan(1));
  switch (input.front() % 6) {
    case 0: return check_instance(json);
    case 1: return check_value(json, &read_node, &write_node);
    case 2: return check_value(json, &read_registration, &write_registration);
    case 3: return check_value(json, &read_format, &write_format);
    case 4: return check_value(json, &read_service, &write_service);
    default: return check_value(json, &read_lane, &write_lane);
  }
}

void skydns_record(Bytes input) {
  using namespace cluster;
  const std::string_view text = text_of(input);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const SkyZone zones;
  const std::string key = "/skydns/internal/svc/" + std::string(text.substr(0, end));
  const KeyValue record{.key = key,
                        .value = std::string(text.substr(std::min(end + 1, text.size()))),
                        .lease = text.size() % 2 == 0 ? 0 : 1};
  static_cast<void>(mirror_of(record.value));
  static_cast<void>(place_of_record("/skydns", "/skydns/" + std::string(text.substr(0, end)), zones));
  const auto place = place_of_record("/skydns", key, zones);
  if (!place) return check_error(place.error());
  if (!*place) return;
  const auto read = read_record(record, **place, zones.apex_bytes_of((*place)->zone));
  if (!read) return check_error(read.error());
  if (!read->mirrored_by.empty())
    return expect(mirror_of(record.value) == read->mirrored_by, "a mirror is known by its mark");
  // What is put on the roll for it is read by every node, as the same.
  const registry::Registration& asked = read->registration;
  const std::string label = to_lower(registry::label_of(asked.key.id));
  const Keys keys("c");
  const std::string roll = keys.instance("svc.internal", asked.key.service.name, label);
  expect(std::holds_alternative<InstancePlace>(keys.place_of(roll)), "it has a key below roll/");
  const auto stored =
      read_instance(write_instance({.registration = asked, .standing = {}, .registered_at = {}}, "etcd"),
                    (*place)->zone, {"svc.internal", asked.key.service.name, label}, {}, 14);
  expect(stored.has_value() && stored->registration == asked, "an instance of a record is read as it was written");
  expect(has_origin(stored->registration.attributes), "and says where it is from");
}

void peer_frame(Bytes input) {
  using namespace cluster;
  if (input.empty()) return;
  const std::size_t seal_bytes = (input.front() & 1) == 0 ? 0 : k_seal_bytes;
  for (Bytes left = input.subspan(1); left.size() >= k_frame_head_bytes;) {
    const auto head = parse_head(left.first(k_frame_head_bytes), seal_bytes);
    if (!head) return;
    expect(head->rest >= seal_bytes && head->rest + k_frame_head_bytes <= frame_bytes_max(head->type),
           "a frame is bounded before it is read");
    if (left.size() - k_frame_head_bytes < head->rest) return;
    const Bytes frame = left.first(k_frame_head_bytes + head->rest - seal_bytes);
    const auto message = parse_body(head->type, frame.subspan(k_frame_head_bytes));
    if (!message) return;
    std::vector<std::uint8_t> written;
    write_frame(*message, seal_bytes, written);
    const auto again = parse_body(head->type, Bytes(written).subspan(k_frame_head_bytes));
    expect(again.has_value() && written.size() <= frame.size(), "a message is written as it was read");
    left = left.subspan(k_frame_head_bytes + head->rest);
  }
}

}  // namespace rollcall::fuzz
