#include "answer/explain/explain.h"

#include <algorithm>
#include <array>
#include <span>

#include "answer/encode/encoder.h"
#include "answer/encode/reply.h"
#include "answer/explain/consul_omission.h"
#include "answer/explain/explain_sentence.h"
#include "answer/look_up/resolution.h"
#include "answer/look_up/stale_answer.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/random.h"
#include "dns/query.h"
#include "dns/rdata.h"
#include "dns/record_reader.h"

namespace rollcall::answer {
namespace {

using dns::Rcode;
using dns::Type;

// A question that has come with EDNS, as from a client that takes as much as it may get.
class Synthetic {
 public:
  Synthetic(const dns::Name& name, Type type) : question_(name.wire().begin(), name.wire().end()) {
    query_.type = type;
    check(query_.name.read(question_), "a name is a name in a question");
    question_.resize(question_.size() + 4);
    store_u16(&question_[question_.size() - 4], static_cast<std::uint16_t>(type));
    store_u16(&question_[question_.size() - 2], static_cast<std::uint16_t>(dns::Class::in));
    query_.question = question_;
    query_.edns = dns::Edns{};
  }
  Synthetic(const Synthetic&) = delete;
  Synthetic& operator=(const Synthetic&) = delete;
  [[nodiscard]] const dns::Query& query() const { return query_; }

 private:
  std::vector<std::uint8_t> question_;
  dns::Query query_;
};

// One answer of the Resolution, and what it has left behind.
struct Draw {
  Rcode rcode{};
  bool authoritative = false;
  bool truncated = false;
  std::optional<Explanation> explanation = {};
  Trace trace = {};
  std::size_t bytes = 0;
  dns::MessageRecords records = {};
};

Draw draw(const ZoneTable& zones, const Roster& roster, const Zone& zone, const dns::Query& query,
          registry::LeaseTime now, Random random, std::size_t room_bytes, bool over_udp, Freshness::State freshness) {
  Draw done;
  Options options;
  Scratch scratch;
  std::vector<std::uint8_t> room(std::max(room_bytes, Reply::needed_bytes(query, options)));
  Reply reply(room, query, true, options);
  if (!over_udp) reply.set_varying();
  SectionList sections;
  sections.clear(reply.out().left());
  Resolution resolution(zones, roster, zone, query, sections, now, random, scratch, &done.trace);
  done.rcode = hold_to_freshness(freshness, resolution, resolution.run(), sections);
  if (!Encoder(reply, sections, random, scratch).put()) done.rcode = Rcode::noerror;
  if (reply.is_truncated() && !over_udp) reply.explain(k_cut_short.code, k_cut_short.text);
  done.authoritative = reply.is_authoritative();
  done.truncated = reply.is_truncated();
  done.explanation = reply.explanation();
  done.bytes = reply.finish(done.rcode, static_cast<std::uint16_t>(room_bytes));
  std::optional<dns::MessageRecords> records = dns::read_records(Bytes(room).first(done.bytes));
  check(records.has_value(), "a reply of ours can be read");
  done.records = std::move(*records);
  return done;
}

ExplainedRecord record_of(const dns::MessageRecord& record) {
  return {.name = record.owner.text(),
          .type = dns::type_text(record.type),
          .ttl = record.ttl,
          .data = dns::rdata_text(record.type, record.rdata),
          .rule = Rule::nothing,
          .instances = {}};
}

std::vector<ExplainedRecord> records_of(const std::vector<dns::MessageRecord>& records) {
  std::vector<ExplainedRecord> explained;
  for (const dns::MessageRecord& record : records) explained.push_back(record_of(record));
  return explained;
}

// The PTR of `_S._P.Z` are DNS-SD's.
std::vector<Stop> stops_of(const Trace& trace, Type type) {
  std::vector<Stop> stops = trace.stops();
  for (Stop& stop : stops) {
    if (stop.found.kind == RosterName::Kind::service_srv && type == Type::ptr) stop.rule = Rule::dns_sd;
  }
  return stops;
}

void put_sorted(Explained& explained, const Stop& stop, Sorted sorted, std::size_t first) {
  explained.instances += sorted.answered.size() + sorted.left_out.size();
  explained.answered += sorted.answered.size();
  for (Omission& left_out : sorted.left_out) {
    if (explained.left_out.size() == limits::k_explained_left_out_max) {
      ++explained.left_out_more;
    } else {
      explained.left_out.push_back(std::move(left_out));
    }
  }
  for (std::size_t i = 0; i < sorted.by_record.size(); ++i) {
    ExplainedRecord& record = explained.answer[first + i];
    record.rule = stop.rule;
    for (const registry::Instance* instance : sorted.by_record[i]) record.instances.emplace_back(instance->key().id);
  }
}

// The service that a name of the zone is for, if it is one: `S`, `_S._P`, and whatever is below them.
std::optional<std::string> service_of(dns::Name name, const Zone& zone) {
  std::vector<std::string> labels;  // the nearest to the apex last
  for (; !name.is_root() && name != zone.records.apex(); name = name.parent()) labels.emplace_back(name.first_label());
  if (labels.empty() || zone.is_reverse) return std::nullopt;
  std::string label = std::move(labels.back());
  if (!label.starts_with('_')) return label;
  if (labels.size() == 1 || !labels[labels.size() - 2].starts_with('_')) return std::nullopt;
  label = labels[labels.size() - 2].substr(1);
  return label == "dns-sd" ? std::nullopt : std::optional(std::move(label));
}

// A name that a service could have tells of that service: that nobody is there, too. Any other tells of its zone.
void put_told(Explained& explained, const dns::Name& name, const Zone& zone) {
  if (zone.consul != nullptr) return;  // the targets of its answers tell no more than these
  if (std::optional<std::string> service = service_of(name, zone)) {
    std::ranges::transform(*service, service->begin(),
                           [](char c) { return static_cast<char>(dns::fold(static_cast<std::uint8_t>(c))); });
    explained.services.push_back({zone.id, std::move(*service)});
  } else {
    explained.zones.push_back(zone.id);
  }
}

void put_told(Explained& explained, const Stop& stop) {
  if (stop.found.answers != nullptr) explained.service = stop.found.answers->key().name;
  if (stop.found.reverse != nullptr) {
    for (const registry::Instance* instance : stop.found.reverse->instances()) {
      explained.services.push_back({instance->key().service.zone, std::string(instance->key().service.name)});
    }
  } else if (stop.datacenter) {
    if (stop.found.answers != nullptr) explained.services.push_back(registry::to_key(stop.found.answers->key()));
    if (stop.found.answers == nullptr) explained.zones.push_back(*stop.datacenter);
  } else if (stop.zone != nullptr) {
    put_told(explained, stop.name, *stop.zone);
  }
}

// A static record that points at a service brings its addresses along.
void put_told(Explained& explained, const std::vector<dns::MessageRecord>& additional, const ZoneTable& zones) {
  for (const dns::MessageRecord& record : additional) {
    const Synthetic question(record.owner, record.type);
    const Zone* zone = zones.find_enclosing(question.query().name);
    if (zone != nullptr) put_told(explained, record.owner, *zone);
  }
}

// Each once: a large answer names its service with every record.
void sort_told(Explained& explained) {
  const auto sort = [](auto& told) {
    std::ranges::sort(told);
    const auto repeated = std::ranges::unique(told);
    told.erase(repeated.begin(), repeated.end());
  };
  sort(explained.services);
  sort(explained.zones);
}

// `is_expired`: nobody is in the answer, for the same reason.
void put_stops(Explained& explained, const Draw& done, std::span<const Stop> stops, const AskedAt& asked,
               bool is_expired) {
  const std::span<const dns::MessageRecord> answer(done.records.answer);
  for (std::size_t i = 0; i < stops.size(); ++i) {
    const Stop& stop = stops[i];
    // What did not fit is not there.
    const std::size_t first = std::min(stop.first_record, answer.size());
    const std::size_t end = i + 1 < stops.size() ? std::min(stops[i + 1].first_record, answer.size()) : answer.size();
    if (!is_expired) {
      const std::span<const dns::MessageRecord> its = answer.subspan(first, end - first);
      put_sorted(explained, stop,
                 stop.datacenter ? sort_consul_instances(stop, its, asked) : sort_instances(stop, its, asked), first);
    }
    put_told(explained, stop);
    explained.way.push_back({stop.name.text_without_dot(), stop.rule});
  }
}

ExplainedError error_of(const Explanation& explanation) {
  return {static_cast<std::uint16_t>(explanation.code), std::string(explanation.text)};
}

Explained explain_foreign(Explained explained, const dns::Name& name) {
  explained.rcode = Rcode::refused;
  explained.rule = Rule::outside;
  explained.way.push_back({explained.name, Rule::outside});
  explained.error = error_of(k_not_ours);
  const Stop stop{.rule = Rule::outside, .zone = nullptr, .name = name, .found = {}, .first_record = 0};
  explained.sentence = sentence_of(explained, std::span(&stop, 1));
  return explained;
}

}  // namespace

Explained Explainer::explain(const dns::Name& name, Type type, registry::LeaseTime now,
                             registry::WallTime wall_now) const {
  Explained explained;
  explained.name = name.text_without_dot();
  explained.type = dns::type_text(type);
  const Synthetic synthetic(name, type);
  const ZoneTable& zones = zones_.table();
  const Zone* zone = zones.find_answering(synthetic.query().name, type);
  if (zone == nullptr) return explain_foreign(std::move(explained), name);
  explained.zone = zone->records.apex().text_without_dot();

  // The same draw twice: what is over a limit is the same over both.
  const Random random = Random::from_system();
  const Freshness::State freshness = state_of(freshness_);
  const Draw over_tcp =
      draw(zones, roster_, *zone, synthetic.query(), now, random, limits::k_message_bytes_max, false, freshness);
  explained.truncated_over_udp =
      draw(zones, roster_, *zone, synthetic.query(), now, random, udp_payload_, true, freshness).truncated;
  explained.rcode = over_tcp.rcode;
  explained.authoritative = over_tcp.authoritative;
  explained.truncated = over_tcp.truncated;
  explained.bytes = over_tcp.bytes;
  if (over_tcp.explanation) explained.error = error_of(*over_tcp.explanation);
  explained.answer = records_of(over_tcp.records.answer);
  explained.authority = records_of(over_tcp.records.authority);
  explained.additional = records_of(over_tcp.records.additional);
  const std::vector<Stop> stops = stops_of(over_tcp.trace, type);
  const bool is_expired = explained.error && explained.error->text == k_expired.text;
  put_stops(explained, over_tcp, stops, {type, now, wall_now, over_tcp.truncated}, is_expired);
  put_told(explained, over_tcp.records.additional, zones);
  sort_told(explained);
  explained.rule = stops.front().rule;
  explained.sentence = is_expired ? sentence_of_expired(explained) : sentence_of(explained, stops);
  if (explained.error && explained.error->text == k_stale.text) {
    explained.sentence += " The roll is stale: this node does not reach its cluster.";
  }
  return explained;
}

}  // namespace rollcall::answer
