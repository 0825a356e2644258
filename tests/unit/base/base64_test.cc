#include "base/base64.h"

#include <string>

#include "catch.h"

namespace rollcall {
namespace {

TEST_CASE("Base64 as in RFC 4648 section 10") {
  const std::pair<const char*, const char*> pairs[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [octets, text] : pairs) {
    CHECK(encode_base64(octets) == text);
    CHECK(decode_base64(text) == std::optional<std::string>(octets));
  }
  CHECK(decode_base64("Zg") == std::optional<std::string>("f"));
  for (const char* wrong : {"Z", "Zg=a", "Z g=", "=", "Zm9v!"}) CHECK_FALSE(decode_base64(wrong).has_value());
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(decode_base64(encode_base64(all)) == all);
}

}  // namespace
}  // namespace rollcall
