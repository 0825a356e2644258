#include "ops/explain_json.h"

#include "json/writer.h"
#include "registry/instance/wall_time.h"

namespace rollcall::ops {
namespace {

void put_record(json::Writer& json, const answer::ExplainedRecord& record, bool is_answer) {
  json.open_object();
  json.member("name", record.name).member("type", record.type).member("ttl", record.ttl).member("data", record.data);
  if (is_answer) json.member("rule", answer::to_text(record.rule));
  if (!record.instances.empty()) {
    json.name("instances").open_array();
    for (const std::string& id : record.instances) json.value(id);
    json.close_array();
  }
  json.close_object();
}

void put_records(json::Writer& json, const std::vector<answer::ExplainedRecord>& records, bool is_answer = false) {
  json.open_array();
  for (const answer::ExplainedRecord& record : records) put_record(json, record, is_answer);
  json.close_array();
}

void put_left_out(json::Writer& json, const answer::Omission& left_out) {
  json.open_object();
  json.member("id", left_out.id).member("label", left_out.label);
  json.member("status", registry::to_text(left_out.status)).member("reason", answer::to_text(left_out.reason));
  if (left_out.since) json.member("since", registry::format_wall_time(*left_out.since));
  json.member("detail", left_out.detail).close_object();
}

// The alias (CNAME) chain: each name that was looked up, and the rule that applied to it.
void put_way(json::Writer& json, const std::vector<answer::ExplainedStop>& way) {
  json.name("way").open_array();
  for (const answer::ExplainedStop& stop : way) {
    json.open_object().member("name", stop.name).member("rule", answer::to_text(stop.rule)).close_object();
  }
  json.close_array();
}

}  // namespace

std::string describe(const answer::Explained& explained) {
  json::Writer json(1024);
  json.open_object();
  json.member("name", explained.name).member("type", explained.type).member("sentence", explained.sentence);
  json.member("rcode", dns::rcode_text(explained.rcode)).member("authoritative", explained.authoritative);
  json.member("rule", answer::to_text(explained.rule));
  if (explained.way.size() > 1) put_way(json, explained.way);
  if (!explained.zone.empty()) json.member("zone", explained.zone);
  if (!explained.service.empty()) json.member("service", explained.service);
  json.name("answer");
  put_records(json, explained.answer, true);
  json.name("authority");
  put_records(json, explained.authority);
  json.name("additional");
  put_records(json, explained.additional);
  if (explained.error) {
    json.name("ede").open_object().member("code", explained.error->code).member("text", explained.error->text);
    json.close_object();
  }
  json.member("bytes", explained.bytes).member("truncated", explained.truncated);
  json.member("truncated_over_udp", explained.truncated_over_udp);
  json.member("instances", explained.instances).member("answered", explained.answered);
  json.name("left_out").open_array();
  for (const answer::Omission& left_out : explained.left_out) put_left_out(json, left_out);
  json.close_array();
  if (explained.left_out_more > 0) json.member("left_out_more", explained.left_out_more);
  json.close_object();
  return json.take();
}

}  // namespace rollcall::ops
