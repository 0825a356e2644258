#include "net/checks/http2_question.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nghttp2/nghttp2.h>
#include <utility>

#include "base/printable.h"
#include "net/checks/grpc_health.h"

namespace rollcall::net {
namespace {

constexpr std::size_t k_text_bytes_max = 256;  // of what a peer says, in a sentence
constexpr std::uint32_t k_headers_bytes_max =
    8 << 10;  // told to the peer; what it sends beyond is bounded by what is read

std::string_view text_of(const std::uint8_t* octets, std::size_t size) {
  return {reinterpret_cast<const char*>(octets), size};
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  const auto octets = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));  // nghttp2 copies them
  };
  return {octets(name), octets(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

class Http2Question::Parts {
 public:
  explicit Parts(std::optional<Call> call) : call_(std::move(call)) { begin(); }

  std::string_view output() {
    if (session_ == nullptr || verdict_) return {};
    const std::uint8_t* octets = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &octets);
    if (size > 0) return text_of(octets, static_cast<std::size_t>(size));
    if (size < 0) fail(nghttp2_strerror(static_cast<int>(size)));
    if (size == 0 && nghttp2_session_want_read(session_.get()) == 0) fail(why_it_ended());
    return {};
  }

  void input(std::span<const std::uint8_t> octets) {
    if (session_ == nullptr || verdict_) return;
    read_ += octets.size();
    const ssize_t done = nghttp2_session_mem_recv(session_.get(), octets.data(), octets.size());
    if (verdict_) return;
    if (done < 0) return fail(why_it_ended());
    if (read_ > k_http2_answer_bytes_max) {
      fail(fmt::format("more than {} octets came and no answer", k_http2_answer_bytes_max));
    }
  }

  void end() { fail(goaway_ ? why_it_ended() : "the connection was closed before the answer"); }

  [[nodiscard]] const std::optional<Verdict>& verdict() const { return verdict_; }

 private:
  struct FreeSession {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  struct FreeCallbacks {
    void operator()(nghttp2_session_callbacks* callbacks) const { nghttp2_session_callbacks_del(callbacks); }
  };

  void begin() {
    nghttp2_session_callbacks* callbacks = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) return fail("there is no memory for HTTP/2");
    const std::unique_ptr<nghttp2_session_callbacks, FreeCallbacks> owned(callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &Parts::on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Parts::on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Parts::on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Parts::on_close);
    nghttp2_session* session = nullptr;
    if (nghttp2_session_client_new(&session, callbacks, this) != 0) return fail("there is no memory for HTTP/2");
    session_.reset(session);
    const std::array settings{nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                              nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, k_headers_bytes_max}};
    if (nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) != 0 || !submit()) {
      fail("the question cannot be asked");
    }
  }

  // Nothing more is read: what the peer has done.
  [[nodiscard]] std::string why_it_ended() const {
    if (!has_settings_) return "it does not speak HTTP/2";
    if (goaway_) return fmt::format("the server ended the connection: GOAWAY, {}", nghttp2_http2_strerror(*goaway_));
    return "it broke the rules of HTTP/2";
  }

  bool submit() {
    if (!call_) return nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr) == 0;
    request_ = health_request(call_->service);
    const std::array fields{field(":method", "POST"),
                            field(":scheme", call_->is_tls ? "https" : "http"),
                            field(":path", "/grpc.health.v1.Health/Check"),
                            field(":authority", call_->authority),
                            field("te", "trailers"),
                            field("content-type", "application/grpc"),
                            field("user-agent", "rollcall")};
    nghttp2_data_provider body{};
    body.source.ptr = this;
    body.read_callback = &Parts::read_request;
    return nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(), &body, nullptr) >= 0;
  }

  static ssize_t read_request(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t size,
                              std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& parts = *static_cast<Parts*>(source->ptr);
    const std::size_t part = std::min(size, parts.request_.size() - parts.sent_);
    std::copy_n(parts.request_.data() + parts.sent_, part, into);
    parts.sent_ += part;
    if (parts.sent_ == parts.request_.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(part);
  }

  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self) {
    auto& parts = *static_cast<Parts*>(self);
    const std::string_view key = text_of(name, name_size);
    const std::string_view text = text_of(value, std::min(value_size, k_text_bytes_max));
    if (key == ":status") parts.http_status_ = text;
    if (key == "grpc-status") parts.grpc_status_ = text;
    if (key == "grpc-message") parts.grpc_message_ = text;
    return 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* octets, std::size_t size,
                     void* self) {
    std::string& answer = static_cast<Parts*>(self)->answer_;
    const std::size_t room = k_grpc_message_bytes_max - answer.size();
    answer.append(text_of(octets, std::min(size, room)));
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    auto& parts = *static_cast<Parts*>(self);
    if (frame->hd.type == NGHTTP2_SETTINGS) parts.has_settings_ = true;
    if (frame->hd.type == NGHTTP2_GOAWAY) parts.goaway_ = frame->goaway.error_code;
    const bool is_answer = frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
    if (is_answer && !parts.call_) parts.verdict_ = Verdict{true, "answered"};
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t, std::uint32_t error, void* self) {
    static_cast<Parts*>(self)->judge(error);
    return 0;
  }

  void judge(std::uint32_t error) {
    if (verdict_) return;
    if (!grpc_status_.empty() && grpc_status_ != "0") {
      const std::string more = grpc_message_.empty() ? "" : ": " + escape(grpc_message_);
      return fail(fmt::format("grpc-status {}{}", escape(grpc_status_text(grpc_status_)), more));
    }
    if (error == NGHTTP2_REFUSED_STREAM && goaway_) return fail(why_it_ended());
    if (error != NGHTTP2_NO_ERROR) return fail(fmt::format("the call was reset: {}", nghttp2_http2_strerror(error)));
    if (http_status_ != "200") {
      return fail(fmt::format("status {}, and a gRPC server says 200", escape(http_status_)));
    }
    const std::optional<ServingStatus> status = parse_health_response(answer_);
    if (grpc_status_.empty() || !status) return fail("the answer is no message of grpc.health.v1");
    verdict_ = Verdict{*status == ServingStatus::serving, to_text(*status)};
  }

  void fail(std::string text) {
    if (!verdict_) verdict_ = Verdict{false, std::move(text)};
  }

  const std::optional<Call> call_;
  std::unique_ptr<nghttp2_session, FreeSession> session_;
  std::string request_;
  std::size_t sent_ = 0;                 // of the request
  std::size_t read_ = 0;                 // octets
  bool has_settings_ = false;            // the peer's have come: it speaks HTTP/2
  std::optional<std::uint32_t> goaway_;  // its error
  std::string answer_;
  std::string http_status_;
  std::string grpc_status_;
  std::string grpc_message_;
  std::optional<Verdict> verdict_;
};

Http2Question::Http2Question(std::optional<Call> call) : parts_(std::make_unique<Parts>(std::move(call))) {}
Http2Question::~Http2Question() = default;

std::string_view Http2Question::output() { return parts_->output(); }
void Http2Question::input(std::span<const std::uint8_t> octets) { parts_->input(octets); }
void Http2Question::end() { parts_->end(); }
const std::optional<Http2Question::Verdict>& Http2Question::verdict() const { return parts_->verdict(); }

}  // namespace rollcall::net
