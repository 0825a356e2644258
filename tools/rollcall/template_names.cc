#include "tools/rollcall/template_names.h"

#include <algorithm>
#include <fmt/format.h>

namespace rollcall::cli {
namespace {

using Kind = TemplateValue::type;

bool is_ipv6(const std::string& address) { return address.contains(':'); }

std::string host_text(const std::string& address) { return is_ipv6(address) ? fmt::format("[{}]", address) : address; }

std::string without_control_characters(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7f) {
      safe += fmt::format("%{:02X}", octet);
    } else {
      safe += c;
    }
  }
  return safe;
}

// Sets the list position variables, which templates use to print separators.
void put_place(TemplateValue& value, std::size_t at, std::size_t count) {
  value["first"] = TemplateValue(at == 0);
  value["last"] = TemplateValue(at + 1 == count);
}

TemplateValue name_addresses(const Instance& instance) {
  TemplateValue list(Kind::list);
  for (std::size_t i = 0; i < instance.addresses.size(); ++i) {
    const std::string& address = instance.addresses[i];
    TemplateValue value(Kind::object);
    value["address"] = TemplateValue(address);
    value["host"] = TemplateValue(host_text(address));
    value["endpoint"] = TemplateValue(endpoint_text(address, instance.port));
    value["ipv4"] = TemplateValue(!is_ipv6(address));
    value["ipv6"] = TemplateValue(is_ipv6(address));
    put_place(value, i, instance.addresses.size());
    list.push_back(value);
  }
  return list;
}

TemplateValue name_tag_list(const Instance& instance) {
  TemplateValue list(Kind::list);
  for (std::size_t i = 0; i < instance.tags.size(); ++i) {
    TemplateValue value(Kind::object);
    value["tag"] = TemplateValue(instance.tags[i]);
    put_place(value, i, instance.tags.size());
    list.push_back(value);
  }
  return list;
}

TemplateValue name_meta_list(const Instance& instance) {
  TemplateValue list(Kind::list);
  std::size_t at = 0;
  for (const auto& [key, text] : instance.meta) {
    TemplateValue value(Kind::object);
    value["key"] = TemplateValue(without_control_characters(key));
    value["value"] = TemplateValue(without_control_characters(text));
    put_place(value, at++, instance.meta.size());
    list.push_back(value);
  }
  return list;
}

void put_where(TemplateValue& value, const Instance& instance, const Service& service) {
  const std::string& address = instance.addresses.front();
  value["service"] = TemplateValue(service.name);
  value["zone"] = TemplateValue(service.zone);
  value["dns_name"] = TemplateValue(fmt::format("{}.{}.{}", instance.label, service.name, service.zone));
  value["address"] = TemplateValue(address);
  value["host"] = TemplateValue(host_text(address));
  value["endpoint"] = TemplateValue(endpoint_text(address, instance.port));
  value["addresses"] = name_addresses(instance);
  value["port"] = TemplateValue(std::to_string(instance.port));
}

// Values computed over all instances of a list. `ready`: the ready instances, best priority first.
struct Common {
  Common(const Service& its_service, const std::vector<const Instance*>& all, const std::vector<const Instance*>& ready)
      : service(its_service), best_priority(ready.empty() ? std::uint16_t{0xffff} : ready.front()->priority) {
    for (const Instance* instance : all) {
      most_weight = std::max(most_weight, instance->weight);
      least_weight = std::min(least_weight, instance->weight);
    }
  }

  const Service& service;
  std::uint16_t best_priority;  // of those that are ready
  std::uint16_t most_weight = 0;
  std::uint16_t least_weight = 0xffff;
};

// Weight 0 means "a very small share" in RFC 2782. NGINX does not accept 0; HAProxy sends no traffic to weight 0. So 0
// becomes 1. For HAProxy, if there is a weight of 0 or above 256, all weights are scaled to its maximum of 256.
void put_weights(TemplateValue& value, std::uint16_t weight, const Common& common) {
  const bool is_scaled = common.most_weight > 256 || common.least_weight == 0;
  const unsigned most = std::max<unsigned>(1, common.most_weight);
  const unsigned scaled = is_scaled ? (weight * 256U + most - 1U) / most : weight;
  value["weight"] = TemplateValue(std::to_string(weight));
  value["nginx_weight"] = TemplateValue(std::to_string(std::max<unsigned>(1, weight)));
  value["haproxy_weight"] = TemplateValue(std::to_string(std::max<unsigned>(1, scaled)));
}

TemplateValue name_instance(const Instance& instance, const Common& common) {
  TemplateValue value(Kind::object);
  put_where(value, instance, common.service);
  value["id"] = TemplateValue(without_control_characters(instance.id));
  value["label"] = TemplateValue(instance.label);
  value["protocol"] = TemplateValue(instance.protocol);
  for (const char* protocol : {"tcp", "udp"}) value[protocol] = TemplateValue(instance.protocol == protocol);
  value["priority"] = TemplateValue(std::to_string(instance.priority));
  put_weights(value, instance.weight, common);
  value["backup"] = TemplateValue(instance.priority > common.best_priority);
  value["status"] = TemplateValue(instance.status);
  for (const char* status : {"ready", "draining", "critical"}) value[status] = TemplateValue(instance.status == status);
  value["tags"] = TemplateValue(Kind::object);
  for (const std::string& tag : instance.tags) value["tags"][tag] = TemplateValue(true);
  value["tag_list"] = name_tag_list(instance);
  value["meta"] = TemplateValue(Kind::object);
  for (const auto& [key, text] : instance.meta) value["meta"][key] = TemplateValue(without_control_characters(text));
  value["meta_list"] = name_meta_list(instance);
  return value;
}

TemplateValue name_instances(const std::vector<const Instance*>& instances, const Common& common) {
  TemplateValue list(Kind::list);
  for (std::size_t i = 0; i < instances.size(); ++i) {
    TemplateValue value = name_instance(*instances[i], common);
    put_place(value, i, instances.size());
    list.push_back(value);
  }
  return list;
}

}  // namespace

std::string endpoint_text(const std::string& address, std::uint16_t port) {
  return fmt::format("{}:{}", host_text(address), port);
}

TemplateValue name_service(const Service& service) {
  std::vector<const Instance*> all;
  for (const Instance& instance : service.instances) all.push_back(&instance);
  std::ranges::stable_sort(all, {}, &Instance::priority);
  std::vector<const Instance*> ready;
  std::ranges::copy_if(all, std::back_inserter(ready), [](const Instance* one) { return one->status == "ready"; });
  const Common common(service, all, ready);

  TemplateValue value(Kind::object);
  value["name"] = TemplateValue(service.name);
  value["zone"] = TemplateValue(service.zone);
  value["count"] = TemplateValue(std::to_string(ready.size()));
  value["has_instances"] = TemplateValue(!ready.empty());
  value["instances"] = name_instances(ready, common);
  value["all_instances"] = name_instances(all, common);
  for (const std::string protocol : {"tcp", "udp"}) {
    std::vector<const Instance*> mine;
    std::ranges::copy_if(ready, std::back_inserter(mine),
                         [&](const Instance* one) { return one->protocol == protocol; });
    value["has_" + protocol + "_instances"] = TemplateValue(!mine.empty());
    value[protocol + "_instances"] = name_instances(mine, Common(service, mine, mine));
  }
  return value;
}

TemplateValue name_empty_service(const std::string& name, const std::string& zone) {
  return name_service(Service{name, zone, 0, {}});
}

}  // namespace rollcall::cli
