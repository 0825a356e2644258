// Records of a message, read back.
#include "dns/record_reader.h"

#include <string>

#include "catch.h"

namespace rollcall::dns {
namespace {

using std::string_literals::operator""s;

// web.test. A, an answer of `records`, each owned by the question's name.
std::string message(int count, const std::string& records) {
  return "\0\1\x84\0\0\1\0"s + static_cast<char>(count) + "\0\0\0\0"s + "\3web\4test\0\0\1\0\1"s + records;
}
std::optional<MessageRecords> read(const std::string& text) { return read_records(rollcall::octets(text)); }

TEST_CASE("owners and compressible RDATA come back whole, other RDATA as it is") {
  const auto records =
      read(message(3, "\xc0\x0c\0\1\0\1\0\0\0\7\0\4\xc0\0\2\1"s + "\xc0\x0c\0\x0f\0\1\0\0\0\7\0\7\0\xa\2mx\xc0\x10"s +
                          "\xc0\x0c\0\5\0\1\0\0\0\7\0\2\xc0\x0c"s));
  REQUIRE(records);
  REQUIRE(records->answer.size() == 3);
  CHECK(records->answer[0].owner.text() == "web.test.");
  CHECK(records->answer[0].type == Type::a);
  CHECK(records->answer[0].ttl == 7);
  CHECK(records->answer[0].rdata == "\xc0\0\2\1"s);
  CHECK(records->answer[1].rdata == "\0\xa\2mx\4test\0"s);
  CHECK(records->answer[2].rdata == "\3web\4test\0"s);
}

TEST_CASE("a message that is cut short anywhere is not read") {
  const std::string whole = message(1, "\xc0\x0c\0\6\0\1\0\0\0\7\0\x18\xc0\x0c\xc0\x0c"s + std::string(20, '\1'));
  REQUIRE(read(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(read(whole.substr(0, size)));
}

TEST_CASE("pointers in a circle, past the end, and labels of an unknown kind end in nothing") {
  const std::string fixed = "\0\1\0\1\0\0\0\7\0\4\xc0\0\2\1"s;
  CHECK_FALSE(read(message(1, "\xc0\x1a"s + fixed)));
  CHECK_FALSE(read(message(1, "\xff\xff"s + fixed)));
  CHECK_FALSE(read(message(1, "\x80"s + fixed)));
}

}  // namespace
}  // namespace rollcall::dns
