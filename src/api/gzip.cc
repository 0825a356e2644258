#include "api/gzip.h"

#include <array>
#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/crc.hpp>
#include <cstdint>

#include "base/check.h"

namespace rollcall::api {
namespace {

namespace zlib = boost::beast::zlib;

// Magic, method 8 (deflate), no flags, no time, no extra flags, unknown system: RFC 1952 §2.3.
constexpr std::array<unsigned char, 10> k_header = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
constexpr int k_level = 6;  // zlib's own default
constexpr int k_window_bits = 15;
constexpr int k_memory_level = 8;

// RFC 1952 §2.1: the least significant octet first.
void put_u32(std::string& out, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((number >> shift) & 0xffU);
}

}  // namespace

std::string gzip(std::string_view text) {
  zlib::deflate_stream deflate;
  deflate.reset(k_level, k_window_bits, k_memory_level, zlib::Strategy::normal);
  std::string out(k_header.begin(), k_header.end());
  out.resize(k_header.size() + deflate.upper_bound(text.size()));
  zlib::z_params stream;
  stream.next_in = text.data();
  stream.avail_in = text.size();
  stream.next_out = out.data() + k_header.size();
  stream.avail_out = out.size() - k_header.size();
  boost::beast::error_code error;
  deflate.write(stream, zlib::Flush::finish, error);
  check(error == zlib::error::end_of_stream, "the bound of deflate's output holds");
  out.resize(out.size() - stream.avail_out);
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  put_u32(out, crc.checksum());
  put_u32(out, static_cast<std::uint32_t>(text.size()));  // modulo 2^32
  return out;
}

}  // namespace rollcall::api
