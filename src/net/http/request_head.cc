#include "net/http/request_head.h"

#include <boost/beast/core/string.hpp>

namespace rollcall::net {
namespace {

namespace http = boost::beast::http;

HeadFault bad_request(std::string detail) { return {api::Fault::bad_request, std::move(detail)}; }

std::optional<HeadFault> find_fault_of_framing(const http::request_header<>& head, bool is_chunked) {
  if (head.count(http::field::transfer_encoding) == 0) return std::nullopt;
  if (head.version() < 11) return bad_request("HTTP/1.0 has no Transfer-Encoding");
  if (!is_chunked) return bad_request("the last of Transfer-Encoding must be chunked");
  if (boost::beast::iequals(head[http::field::transfer_encoding], "chunked")) return std::nullopt;
  return HeadFault{api::Fault::unknown_transfer_coding, "the only transfer coding known here is chunked"};
}

std::optional<HeadFault> find_fault_of_host(const http::request_header<>& head) {
  const std::size_t hosts = head.count(http::field::host);
  if (hosts == 0 && head.version() >= 11) return bad_request("the request has no Host field");
  if (hosts > 1) return bad_request("the request has more than one Host field");
  if (head[http::field::host].find_first_of(" \t,/\\@?#") == boost::beast::string_view::npos) return std::nullopt;
  return bad_request("the Host field is no host with or without a port");
}

}  // namespace

std::optional<HeadFault> find_fault(const http::request_header<>& head, bool is_chunked) {
  if (auto fault = find_fault_of_framing(head, is_chunked)) return fault;
  if (auto fault = find_fault_of_host(head)) return fault;
  if (head.count(http::field::authorization) > 1)
    return bad_request("the request has more than one Authorization field");
  return std::nullopt;
}

}  // namespace rollcall::net
