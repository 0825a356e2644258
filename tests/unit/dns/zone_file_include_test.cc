#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "catch.h"
#include "dns/zone_file.h"
#include "unit/dns/zone_lines.h"

namespace rollcall::dns {
namespace {

using namespace testing;

// A directory of zone files, gone at the end of the test.
class Directory {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "zone-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  void write(std::string_view name, std::string_view text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }
  std::string message(std::string_view name) const {
    const auto zone = load_zone_file(path_ / name, k_apex);
    return zone ? "" : zone.error().message;
  }

 private:
  std::filesystem::path path_;
};

TEST_CASE("an included file is read where it is named, relative to the file that names it") {
  const Directory directory;
  directory.write("top.zone",
                  "a 5 A 192.0.2.1\n$INCLUDE parts/one.zone\n$include \"parts/two words.zone\" sub\nz 5 A 192.0.2.9\n");
  directory.write("parts/one.zone", "b 5 A 192.0.2.2\n$INCLUDE deeper.zone ; beside this one\n");
  directory.write("parts/deeper.zone", "c 5 A 192.0.2.3\n");
  directory.write("parts/two words.zone", "d 5 A 192.0.2.4\n");
  CHECK(lines_of(load_zone_file(directory / "top.zone", k_apex)) ==
        std::vector<std::string>{"a.c.test. 5 A 192.0.2.1", "b.c.test. 5 A 192.0.2.2", "c.c.test. 5 A 192.0.2.3",
                                 "d.sub.c.test. 5 A 192.0.2.4", "z.c.test. 5 A 192.0.2.9"});
}

TEST_CASE("what an included file sets ends with it (RFC 1035 5.1)") {
  const Directory directory;
  directory.write("top.zone", "$TTL 5\na A 192.0.2.1\n$INCLUDE one.zone\n A 192.0.2.3\nx A 192.0.2.4\n");
  directory.write("one.zone", " A 192.0.2.2\n$ORIGIN o\n$TTL 9\nb A 192.0.2.2\n");
  CHECK(lines_of(load_zone_file(directory / "top.zone", k_apex)) ==
        std::vector<std::string>{"a.c.test. 5 A 192.0.2.1", "a.c.test. 5 A 192.0.2.2", "b.o.c.test. 9 A 192.0.2.2",
                                 "a.c.test. 5 A 192.0.2.3", "x.c.test. 5 A 192.0.2.4"});
}

TEST_CASE("a mistake in an included file is told with that file and its line") {
  const Directory directory;
  directory.write("top.zone", "a 5 A 192.0.2.1\n$INCLUDE one.zone\n");
  directory.write("one.zone", "\n\nb 5 A nowhere\n");
  CHECK(directory.message("top.zone").starts_with((directory / "one.zone").string() + ":3: "));
}

TEST_CASE("files that include each other in a circle are refused") {
  const Directory directory;
  directory.write("top.zone", "a 5 A 192.0.2.1\n$INCLUDE one.zone\n");
  directory.write("one.zone", "$INCLUDE ./top.zone\n");
  directory.write("self.zone", "\n$INCLUDE self.zone\n");
  CHECK(directory.message("top.zone") == (directory / "one.zone").string() + ":1: $INCLUDE of " +
                                             (directory / "./top.zone").string() + " goes in a circle");
  CHECK(directory.message("self.zone").starts_with((directory / "self.zone").string() + ":2: $INCLUDE of "));
}

TEST_CASE("the same file may be included twice, one after the other") {
  const Directory directory;
  directory.write("top.zone", "$INCLUDE one.zone a\n$INCLUDE one.zone b\n");
  directory.write("one.zone", "www 5 A 192.0.2.1\n");
  CHECK(lines_of(load_zone_file(directory / "top.zone", k_apex)) ==
        std::vector<std::string>{"www.a.c.test. 5 A 192.0.2.1", "www.b.c.test. 5 A 192.0.2.1"});
}

TEST_CASE("includes are followed to a bound") {
  const Directory directory;
  const auto name = [](std::size_t depth) { return std::to_string(depth) + ".zone"; };
  for (std::size_t depth = 0; depth <= limits::k_include_depth_max; ++depth) {
    directory.write(name(depth), "$INCLUDE " + name(depth + 1) + "\n");
  }
  directory.write(name(limits::k_include_depth_max + 1), "a 5 A 192.0.2.1\n");
  CHECK(directory.message(name(1)).empty());
  CHECK(directory.message(name(0)) ==
        (directory / name(limits::k_include_depth_max)).string() + ":1: $INCLUDE goes deeper than 8 files, the most");
}

TEST_CASE("an include that cannot be read is told where it stands") {
  const Directory directory;
  directory.write("top.zone", "\n$INCLUDE gone.zone\n");
  directory.write("bare.zone", "$INCLUDE\n");
  directory.write("name.zone", "$INCLUDE one.zone a..b\n");
  CHECK(directory.message("top.zone") == (directory / "top.zone").string() + ":2: $INCLUDE of " +
                                             (directory / "gone.zone").string() + ", which cannot be read");
  CHECK(directory.message("bare.zone").ends_with(":1: $INCLUDE takes a file and, if need be, a name"));
  CHECK(directory.message("name.zone").ends_with(":1: \"a..b\" is no domain name"));
}

TEST_CASE("a zone file that is not there, a directory or empty is refused in one sentence") {
  const Directory directory;
  directory.write("sub/x.zone", "");
  CHECK(directory.message("gone.zone") ==
        (directory / "gone.zone").string() + ": cannot be read: there is no such file");
  CHECK(directory.message("sub") == (directory / "sub").string() + ": cannot be read: it is not a file");
  CHECK(directory.message("sub/x.zone") == (directory / "sub/x.zone").string() + ": holds no records");
}

TEST_CASE("a zone file beyond the bound is refused before it is read") {
  const Directory directory;
  directory.write("big.zone", "");
  std::filesystem::resize_file(directory / "big.zone", limits::k_zone_text_bytes_max + 1);
  CHECK(directory.message("big.zone") == (directory / "big.zone").string() + ": cannot be read: it is too large");
}

}  // namespace
}  // namespace rollcall::dns
