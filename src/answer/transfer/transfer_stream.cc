#include "answer/transfer/transfer_stream.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "dns/name_writer.h"

namespace rollcall::answer {
namespace {

std::optional<dns::Edns> without_borrowed(std::optional<dns::Edns> edns) {
  if (edns) edns->cookie = {};
  return edns;
}

}  // namespace

TransferStream::TransferStream(const dns::Query& query, const Options& options, TransferParts parts,
                               std::optional<dns::TsigSigner> signer)
    : id_(query.id),
      question_(text_of(query.question)),
      name_(query.name),
      edns_(without_borrowed(query.edns)),
      options_(text_of(options.bytes())),
      parts_(std::move(parts)),
      signer_(std::move(signer)) {
  skip_empty_parts();
}

void TransferStream::skip_empty_parts() {
  while (part_ < parts_.size() && record_ == parts_[part_]->size()) {
    ++part_;
    record_ = 0;
  }
}

// What a message has besides header and records.
std::size_t TransferStream::reserved_bytes() const {
  return (signer_ ? signer_->bytes() : 0) + (is_first_ && edns_ ? dns::k_opt_bytes + options_.size() : 0);
}

bool TransferStream::fits(std::size_t room_bytes) const {
  const std::size_t besides = reserved_bytes() + dns::k_header_bytes;
  const std::size_t first_besides = besides + question_.size();
  if (room_bytes < first_besides) return false;
  if (!parts_.empty() && parts_.front()->largest() > room_bytes - first_besides) return false;
  return std::ranges::all_of(parts_, [&](const auto& part) { return part->largest() <= room_bytes - besides; });
}

// A stream that can make nothing more ends: nobody may wait for it, or ask it again.
std::optional<std::size_t> TransferStream::break_off() {
  has_broken_off_ = true;
  part_ = parts_.size();
  return std::nullopt;
}

std::optional<std::size_t> TransferStream::next(WritableBytes room, std::uint64_t now) {
  if (is_done()) return std::nullopt;
  const std::size_t reserved = reserved_bytes();
  if (room.size() < reserved + limits::k_udp_payload_min / 2) return break_off();
  ByteWriter out(room.first(room.size() - reserved));
  dns::NameWriter names(out);
  out.claim(dns::k_header_bytes);
  if (is_first_) {
    out.bytes(octets(question_));
    if (out.ok()) names.remember(k_question_name_at, name_);
  }
  const std::uint16_t count = put_records(out, names);
  if (count == 0) return break_off();
  const bool has_opt = is_first_ && edns_;
  store_header(room.data(), id_,
               {.flags = dns::k_flag_qr | dns::k_flag_aa,
                .questions = static_cast<std::uint16_t>(is_first_ ? 1 : 0),
                .answers = count,
                .additionals = static_cast<std::uint16_t>(has_opt ? 1 : 0)});
  std::size_t size = out.size();
  if (has_opt) {
    ByteWriter opt(room.subspan(size));
    put_opt(opt);
    size += opt.size();
  }
  is_first_ = false;
  return signer_ ? signer_->sign(room, size, now) : size;
}

// As many as fit, one at least where a message can hold it.
std::uint16_t TransferStream::put_records(ByteWriter& out, dns::NameWriter& names) {
  std::uint16_t count = 0;
  while (!is_done() && count < 0xffff) {
    const std::size_t start = out.size();
    const bool fits = put_record(out, names, (*parts_[part_])[record_]);
    if (!fits || (count > 0 && out.size() > k_message_bytes)) {
      out.rewind(start);
      break;
    }
    ++count;
    ++record_;
    skip_empty_parts();
  }
  return count;
}

bool TransferStream::put_record(ByteWriter& out, dns::NameWriter& names, WireRecord record) const {
  std::size_t owner = 0;
  while (record[owner] != 0) owner += 1U + static_cast<std::uint8_t>(record[owner]);
  ++owner;
  const Bytes bytes = octets(record);
  names.put(bytes.first(owner));
  out.bytes(bytes.subspan(owner, k_type_class_ttl_bytes));
  const auto type = static_cast<dns::Type>(load_u16(bytes.data() + owner));
  names.put_rdata(type, bytes.subspan(owner + k_record_fixed_bytes));
  return out.ok();
}

void TransferStream::put_opt(ByteWriter& out) const {
  std::uint8_t* opt = out.claim(dns::k_opt_bytes);
  check(opt != nullptr, "the room for OPT was set aside");
  store_opt(opt, static_cast<std::uint16_t>(limits::k_udp_payload_min), dns::Rcode::noerror, edns_->dnssec_ok,
            options_.size());
  out.bytes(octets(options_));
}

}  // namespace rollcall::answer
