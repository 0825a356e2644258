// Blocking HTTP client for the registry API: keep-alive connection, one call at a time, one deadline for each call.
//
// Shape    A client has the URLs of the nodes of one registry. Fail-over: if a node refuses the connection, does not
//          answer in its part of the time, breaks off before its answer, or answers 503, the next one is asked, within
//          the same call. The node that has answered is asked first by the next call. A request may so reach two nodes:
//          every call of the API does the same when it is repeated.
// Owner    the caller that opened it. The connection is kept between calls, and closed with the client.
// Threads  blocks the calling thread; one call at a time. stop() may be called from any thread.
// Failure  Errc::unreachable, with a message that names the server: it refuses the connection, does not answer in time,
//          or does not speak HTTP. open() returns Errc::invalid for a bad setting. A 4xx or 5xx response is not an
//          Error here: it is returned as a response (see problem.h).
// Source   RFC 9110, RFC 9112; interface.md §4.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/event_stream.h"

namespace rollcall::client {

struct HttpSettings {
  std::vector<std::string> urls{"http://127.0.0.1:8500"};  // nodes of one registry; see base_url.h
  std::string token;                                       // sent as Bearer; empty: none
  std::string ca_file;                                     // PEM; empty: the system's CA certificates
  std::string certificate_file;                            // PEM, client certificate for mutual TLS; empty: none
  std::string key_file;                                    // PEM; empty: it is in certificate_file
  std::chrono::milliseconds timeout{5'000};                // for a whole call: DNS, connect, TLS, answer
};

// Every member has an initializer, so that designated initializers may leave some out without a compiler warning.
struct HttpRequest {
  // NOLINTBEGIN(readability-redundant-member-init)
  std::string method = "GET";
  std::string target = {};              // "/v1/services?zone=…", encoded
  std::string body = {};                // JSON; empty: none
  std::string last_event_id = {};       // resumes an event stream after this event
  std::chrono::milliseconds within{0};  // a shorter timeout than the client's; 0: none
  std::chrono::milliseconds longer{0};  // added to the timeout, for a call that asks the server to wait
  // NOLINTEND(readability-redundant-member-init)
};

struct HttpResponse {
  unsigned status = 0;
  std::string content_type;
  std::string body;
  std::uint64_t index = 0;              // X-Rollcall-Index; 0: none
  std::chrono::seconds retry_after{0};  // Retry-After as a number of seconds (RFC 9110 §10.2.3); 0: none

  [[nodiscard]] bool is_ok() const { return status >= 200 && status < 300; }
};

class HttpClient {
 public:
  [[nodiscard]] static Result<HttpClient> open(const HttpSettings& settings);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  [[nodiscard]] Result<HttpResponse> call(const HttpRequest& request);

  // Reads server-sent events until `on_event` returns false, the server ends the stream (returns a 200 without a body),
  // no data arrives for `idle` (an Error), or stop() is called. Any status but 200 is returned as call() does.
  [[nodiscard]] Result<HttpResponse> stream(const HttpRequest& request, std::chrono::milliseconds idle,
                                            const EventStream::OnEvent& on_event);

  // Cancels the current call: it and all later calls fail at once.
  void stop();

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::client
