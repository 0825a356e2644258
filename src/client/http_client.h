// The HTTP API as a client sees it: one call at a time, over connections that are kept, each with one deadline.
//
// Shape    A client has one registry, or several that are as good as each other: when one cannot be connected to, the
//          call goes to the next. A call that was sent is not sent again elsewhere; the next call begins elsewhere.
// Owner    whoever makes it; a connection is kept between calls, and closed with the client.
// Threads  Blocks the calling thread; one call at a time. stop() may come from any thread.
// Failure  Errc::unreachable, and a sentence that names the server: it cannot be connected to, does not answer in time,
//          does not speak HTTP. Errc::invalid from open(): a setting cannot be used. An answer that reports an error is
//          an answer (see problem.h).
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
  std::vector<std::string> urls{"http://127.0.0.1:8500"};  // see base_url.h
  std::string token;                                       // sent as Bearer; empty: none
  std::string ca_file;                                     // PEM; empty: those that the system trusts
  std::string certificate_file;                            // PEM, the client's own; empty: none
  std::string key_file;                                    // PEM; empty: it is in certificate_file
  std::chrono::milliseconds timeout{5'000};                // of a call: look-up, connection, TLS, answer
};

// A test or a call names the members it needs: each has an initializer, which spares it a warning.
struct HttpRequest {
  // NOLINTBEGIN(readability-redundant-member-init)
  std::string method = "GET";
  std::string target = {};              // "/v1/services?zone=…", encoded
  std::string body = {};                // JSON; empty: none
  std::string last_event_id = {};       // of a stream that goes on
  std::chrono::milliseconds longer{0};  // what the call may take beyond the time-out: it asks the server to wait
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

  // Server-sent events, until `on_event` returns false, the server ends the stream (a 200 without a body), nothing at
  // all has come for `idle` (a failure), or stop(). An answer that is no stream is returned as call() does.
  [[nodiscard]] Result<HttpResponse> stream(const HttpRequest& request, std::chrono::milliseconds idle,
                                            const EventStream::OnEvent& on_event);

  // The call under way ends at once with a failure, and so does every later one.
  void stop();

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::client
