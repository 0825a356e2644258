#include "server/handover_state.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

#include "base/bytes.h"

namespace rollcall::server {
namespace {

constexpr std::uint32_t k_mark = 0x52434832;  // "RCH2"
constexpr std::uint64_t k_none = ~std::uint64_t{0};

class RollText {
 public:
  void number(std::uint64_t value) {
    std::array<std::uint8_t, 8> octets{};
    store_word(octets.data(), value);
    out_ += text_of(octets);
  }
  void text(std::string_view text) {
    number(text.size());
    out_ += text;
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::uint64_t read_number(ByteReader& in) {
  const std::uint64_t high = in.u32();
  return high << 32 | in.u32();
}

std::string_view read_text(ByteReader& in) {
  const std::uint64_t size = read_number(in);
  if (size > in.left()) {
    in.skip(in.left() + 1);
    return {};
  }
  return text_of(in.bytes(static_cast<std::size_t>(size)));
}

registry::HandedInstance read_instance(ByteReader& in) {
  registry::HandedInstance instance{.id = std::string(read_text(in)), .index = read_number(in), .left = {}};
  const std::uint64_t left = read_number(in);
  if (left != k_none) instance.left = std::chrono::nanoseconds(static_cast<std::int64_t>(left));
  return instance;
}

}  // namespace

// MARK INDEX LAST_EVENT, then each service: ZONE NAME INDEX PROTOCOLS EMPTIED COUNT, and COUNT times ID INDEX LEFT.
std::string write_roll(const registry::HandedRoll& roll, const registry::ZoneDirectory& zones) {
  RollText out;
  out.number(k_mark);
  out.number(roll.index);
  out.number(roll.last_event);
  out.number(roll.services.size());
  for (const registry::HandedService& service : roll.services) {
    out.text(zones.name_of(service.key.zone));
    out.text(service.key.name);
    out.number(service.index);
    out.number(service.protocols);
    out.number(service.emptied_at ? static_cast<std::uint64_t>(service.emptied_at->time_since_epoch().count())
                                  : k_none);
    out.number(service.instances.size());
    for (const registry::HandedInstance& instance : service.instances) {
      out.text(instance.id);
      out.number(instance.index);
      out.number(instance.left ? static_cast<std::uint64_t>(instance.left->count()) : k_none);
    }
  }
  return out.take();
}

std::optional<registry::HandedRoll> read_roll(std::string_view octets, const registry::ZoneDirectory& zones) {
  ByteReader in(Bytes(reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size()));
  if (read_number(in) != k_mark) return std::nullopt;
  registry::HandedRoll roll{.index = read_number(in), .last_event = read_number(in)};
  const std::uint64_t services = read_number(in);
  for (std::uint64_t i = 0; i < services && in.ok(); ++i) {
    const std::optional<registry::ZoneId> zone = zones.find(read_text(in));
    registry::HandedService service{{zone.value_or(registry::ZoneId{}), std::string(read_text(in))},
                                    read_number(in),
                                    static_cast<registry::ProtocolSet>(read_number(in)),
                                    std::nullopt};
    const std::uint64_t emptied = read_number(in);
    if (emptied != k_none) {
      service.emptied_at = registry::WallTime(registry::WallTime::duration(static_cast<std::int64_t>(emptied)));
    }
    const std::uint64_t instances = read_number(in);
    for (std::uint64_t n = 0; n < instances && in.ok(); ++n) service.instances.push_back(read_instance(in));
    if (zone) roll.services.push_back(std::move(service));
  }
  if (!in.ok() || in.left() != 0) return std::nullopt;
  return roll;
}

}  // namespace rollcall::server
