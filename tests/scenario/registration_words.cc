#include "scenario/registration_words.h"

#include <stdexcept>
#include <utility>

#include "registry/instance/registration.h"

namespace rollcall::testing {
namespace {

using registry::Registration;

// A field of a registration, or the reason why there is none: a script may try what is wrong.
template <class T, class Keep>
std::optional<Error> keep(Result<T> parsed, Keep&& keep_value) {
  if (!parsed) return parsed.error();
  keep_value(std::move(*parsed));
  return std::nullopt;
}

std::optional<Error> read_addresses(const std::string& text, Registration& draft) {
  for (const std::string& literal : split(text, ',')) {
    if (auto error = keep(registry::parse_instance_address(literal, "address"),
                          [&](IpAddress address) { draft.addresses.push_back(address); })) {
      return error;
    }
  }
  return std::nullopt;
}

// `192.0.2.1:8080`, `[2001:db8::1]:8080`, and more addresses of the same instance in also=A,B.
std::optional<Error> read_endpoint(const std::string& text, Options& options, Registration& draft) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) throw std::runtime_error(text + " is no address and port");
  std::string address = text.substr(0, colon);
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  draft.port = number_of(text.substr(colon + 1));
  if (auto error = read_addresses(address, draft)) return error;
  return read_addresses(options.take("also").value_or(""), draft);
}

std::optional<Error> read_fields(Options& options, Registration& draft) {
  if (const auto text = options.take("priority")) draft.priority = number_of(*text);
  if (const auto text = options.take("weight")) draft.weight = number_of(*text);
  if (const auto text = options.take("protocol")) {
    draft.protocol = *text == "udp" ? registry::Protocol::udp : registry::Protocol::tcp;
  }
  const auto ttl = parse_time(options.take("ttl").value_or("15s"));
  draft.ttl = std::chrono::duration_cast<std::chrono::milliseconds>(ttl);
  for (const std::string& tag : split(options.take("tags").value_or(""), ',')) {
    if (auto error = keep(registry::parse_label(tag, "tags"),
                          [&](std::string label) { draft.tags.push_back(std::move(label)); })) {
      return error;
    }
  }
  for (const std::string& pair : split(options.take("meta").value_or(""), ',')) {
    const std::size_t colon = pair.find(':');
    draft.meta.emplace_back(pair.substr(0, colon), pair.substr(colon + 1));
  }
  return std::nullopt;
}

}  // namespace

std::uint16_t number_of(const std::string& text) { return static_cast<std::uint16_t>(std::stoul(text)); }

std::optional<Error> read_registration(const std::string& endpoint, Options& options, Registration& draft) {
  std::optional<Error> error = read_endpoint(endpoint, options, draft);
  if (!error) error = read_fields(options, draft);
  if (!error) {
    error = keep(registry::parse_label(draft.key.service.name, "service"),
                 [&](std::string name) { draft.key.service.name = std::move(name); });
  }
  if (!error) error = keep(registry::parse_instance_id(draft.key.id), [](const std::string&) {});
  return error;
}

}  // namespace rollcall::testing
