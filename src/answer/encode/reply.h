// A response in the making: header, the question as asked, records, OPT. Never longer than the room it was given, and
// never half a record. What is put in it, and what becomes of sets that do not fit, is the encoder's (encoder.h).
//
// Shape    records of the answered name carry a pointer to where that name stands: byte 12 for the question's own
//          name, the CNAME's RDATA for the names an alias leads to. Other owners are compressed by search.
// Room     the space for OPT is set aside first, so it is in every reply to a query that had one (RFC 6891 §7).
// Owner    lives for one message; borrows room, query and options.
// Threads  one worker.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "answer/encode/record_head.h"
#include "answer/encode/reply_options.h"
#include "base/bytes.h"
#include "dns/name_writer.h"
#include "dns/query.h"
#include "dns/serial.h"
#include "dns/types.h"

namespace rollcall::answer {

class Reply {
 public:
  // `room` is at least `needed_bytes`. `echo_question`: false for what could not be read, and for what follows a first
  // message. `query` and `options` are borrowed.
  Reply(WritableBytes room, const dns::Query& query, bool echo_question, const Options& options);

  // Room for header, question and OPT: what every reply has.
  [[nodiscard]] static std::size_t needed_bytes(const dns::Query& query, const Options& options);

  // The serial that SOA records put from now on show; null: their own.
  void show_serial(const std::atomic<dns::Serial>* serial) { serial_ = serial; }

  // One record, owned by the name at offset `owner_at`. False, and nothing written: it does not fit.
  bool put(Section section, std::uint16_t owner_at, dns::Type type, std::uint32_t ttl, Bytes rdata,
           dns::Class klass = dns::Class::in);
  // `owner`: uncompressed wire form.
  bool put(Section section, Bytes owner, dns::Type type, std::uint32_t ttl, Bytes rdata);

  // A point to come back to: what is put after it is forgotten.
  struct Mark {
    std::size_t size;
    std::array<std::uint16_t, 3> counts;
  };
  [[nodiscard]] Mark mark() const { return {out_.size(), counts_}; }
  void rewind(const Mark& mark);

  // Where the RDATA of the record put last begins: what a CNAME points to stands there.
  [[nodiscard]] std::uint16_t last_rdata_at() const { return static_cast<std::uint16_t>(last_rdata_at_); }

  // For records written by hand (prebuilt runs): room, then the count.
  [[nodiscard]] ByteWriter& out() { return out_; }
  void count(Section section, std::size_t records) {
    counts_[static_cast<std::size_t>(section)] =
        static_cast<std::uint16_t>(counts_[static_cast<std::size_t>(section)] + records);
  }
  [[nodiscard]] std::size_t records(Section section) const { return counts_[static_cast<std::size_t>(section)]; }

  void set_truncated() { truncated_ = true; }
  [[nodiscard]] bool is_truncated() const { return truncated_; }
  // A client that cannot get more than this message holds (over TCP): each query is given another part of an answer
  // that is too large. Else it is always the same part.
  // Such a message keeps room to say why it is no larger, as far as it is as large as one can be.
  void set_varying();
  [[nodiscard]] bool is_varying() const { return varying_; }
  // Forgets every record, and whatever was to be explained: header, question and OPT are left.
  void cut();
  // The message's size is made a multiple of `block` (RFC 7830, RFC 8467 §4.1).
  void pad_to(std::size_t block) { padding_block_ = block; }
  void set_authoritative(bool is) { authoritative_ = is; }
  [[nodiscard]] bool is_authoritative() const { return authoritative_; }
  // Sent when the query had OPT. The first word stands.
  void explain(dns::ExtendedError code, std::string_view text) {
    if (!explanation_) explanation_ = {code, text};
  }
  [[nodiscard]] const std::optional<Explanation>& explanation() const { return explanation_; }
  // Whether it has the query's question; not when that could not be read.
  [[nodiscard]] bool has_question() const { return question_end_ > dns::k_header_bytes; }

  // Writes header and OPT. `udp_payload`: what this server takes over UDP (RFC 6891 §6.2.3). Returns the message's
  // size.
  std::size_t finish(dns::Rcode rcode, std::uint16_t udp_payload);

 private:
  // What follows the owner's name.
  struct Body {
    dns::Type type;
    dns::Class klass;
    std::uint32_t ttl;
    Bytes rdata;
  };
  // Ends the record whose owner was put at `start`; or takes it back, where it does not fit.
  [[nodiscard]] bool end_record(std::size_t start, Section section, const Body& body) {
    if (std::uint8_t* at = out_.claim(k_type_class_ttl_bytes))
      store_type_class_ttl(at, body.type, body.klass, body.ttl);
    last_rdata_at_ = out_.size() + k_rdlength_bytes;
    names_.put_rdata(body.type, body.rdata);
    if (!out_.ok()) {
      out_.rewind(start);
      names_.rewind(start);
      return false;
    }
    if (body.type == dns::Type::soa && serial_ != nullptr) {
      std::uint8_t* end = room_.data() + out_.size();
      store_u32(end - dns::k_soa_serial_from_end, serial_->load(std::memory_order_relaxed));
    }
    count(section, 1);
    return true;
  }
  void put_opt(ByteWriter& out, dns::Rcode rcode, std::uint16_t udp_payload, std::size_t before) const;
  void put_explanation(ByteWriter& out) const;
  void put_padding(ByteWriter& out, std::size_t before) const;

  const dns::Query& query_;
  const Options& options_;
  WritableBytes room_;
  ByteWriter out_;
  dns::NameWriter names_;
  std::array<std::uint16_t, 3> counts_{};
  std::size_t last_rdata_at_ = 0;
  std::optional<Explanation> explanation_;
  std::size_t question_end_ = 0;
  std::size_t padding_block_ = 0;  // 0: none
  const std::atomic<dns::Serial>* serial_ = nullptr;
  bool truncated_ = false;
  bool authoritative_ = false;
  bool varying_ = false;
};

}  // namespace rollcall::answer
