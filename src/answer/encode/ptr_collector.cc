#include "answer/encode/ptr_collector.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "answer/roster/service_answers.h"
#include "base/check.h"
#include "base/limits.h"

namespace rollcall::answer {
namespace {

constexpr std::size_t k_pointer_bytes = 2;

std::string_view protocol_label(registry::Protocol protocol) {
  return protocol == registry::Protocol::tcp ? "\4_tcp" : "\4_udp";
}

}  // namespace

PtrCollector::PtrCollector(SectionList& sections, const Owner& owner, std::uint32_t ttl_seconds,
                           registry::LeaseTime now)
    : sections_(sections),
      owner_(owner),
      now_(now),
      full_(now + std::chrono::seconds(ttl_seconds)),
      first_(sections.list_size()),
      earliest_(full_) {}

void PtrCollector::put_types(const ServiceTypes& types, Bytes apex) {
  types.for_each_until([&](const ServiceAnswers& answers) { return visit() && list_types_of(answers); });
  put_listed(apex);
}

void PtrCollector::put_targets(const ReverseName& name) {
  name.for_each_until([&](const ReverseTarget& target) {
    if (!visit()) return false;
    const registry::Lease& lease = target.instance().lease;
    return !lease.is_alive(now_) || list(target.rdata(), k_pointer_bytes, lease.cached_until(now_));
  });
  put_listed();
}

void PtrCollector::put_one(Bytes target) {
  list(target, k_pointer_bytes, full_);
  put_listed();
}

bool PtrCollector::visit() {
  if (visited_++ < limits::k_ptr_visits_max) return true;
  sections_.set_cut_short();
  return false;
}

bool PtrCollector::list_types_of(const ServiceAnswers& answers) {
  const std::string_view service = answers.key().name;
  check(service.size() < limits::k_label_bytes_max, "a service that is listed has a name for its type");
  for (const registry::Protocol protocol : {registry::Protocol::tcp, registry::Protocol::udp}) {
    const View* view = answers.find_protocol(protocol);
    if (view == nullptr || view->count == 0) continue;
    const Outlook outlook = answers.outlook(*view, now_, full_);
    if (outlook.is_whole && !outlook.has_live) continue;  // nobody is left, and nobody has swept
    const std::string_view below = protocol_label(protocol);
    const WritableBytes target = sections_.reserve(2 + service.size() + below.size());
    if (target.empty()) return false;  // more is kept already than a message holds
    ByteWriter out(target);
    out.u8(static_cast<std::uint8_t>(1 + service.size()));
    out.u8('_');
    out.bytes(octets(service));
    out.bytes(octets(below));
    check(out.ok() && out.left() == 0, "the labels of a type fill their room");
    if (!list(target, 2 + service.size() + k_pointer_bytes, outlook.end)) return false;
  }
  return true;
}

// One record more than surely fits is listed, so that the encoder finds that there is more, and says so.
bool PtrCollector::list(Bytes target, std::size_t bytes_min, registry::LeaseTime end) {
  sections_.list(target);
  earliest_ = std::min(earliest_, end);
  bytes_min_ += k_record_head_bytes + bytes_min;
  return bytes_min_ <= sections_.left();
}

void PtrCollector::put_listed(Bytes suffix) {
  const ListedRdata rdata = sections_.end_list(first_, suffix);
  if (rdata.count == 0) return;
  const std::int64_t left = std::chrono::floor<std::chrono::seconds>(earliest_ - now_).count();
  const auto ttl = static_cast<std::uint32_t>(std::max<std::int64_t>(left, 0));
  sections_.add(Section::answer, {.owner = owner_, .type = dns::Type::ptr, .ttl = ttl, .rdata = rdata}, rdata.count,
                bytes_min_);
}

}  // namespace rollcall::answer
