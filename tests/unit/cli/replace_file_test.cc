#include "tools/rollcall/replace_file.h"

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"

namespace rollcall::cli {
namespace {

namespace fs = std::filesystem;

struct Directory {
  Directory() {
    std::string pattern = (fs::temp_directory_path() / "rollcall-unit-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Directory() { fs::remove_all(path); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }

  fs::path path;
};

std::string text_of(const fs::path& path) { return *read_file(path, 1000); }

mode_t mode_of(const fs::path& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

TEST_CASE("a file that is not there is made, readable for all") {
  const Directory directory;
  REQUIRE(replace_file(directory.path / "new", "text\n"));
  CHECK(text_of(directory.path / "new") == "text\n");
  CHECK(mode_of(directory.path / "new") == 0644);
  CHECK(directory.files() == 1);
}

TEST_CASE("a replaced file keeps its mode, and whoever has it open keeps the old text") {
  const Directory directory;
  const fs::path path = directory.path / "file";
  REQUIRE(replace_file(path, "old"));
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  std::FILE* reader = std::fopen(path.c_str(), "r");
  REQUIRE(replace_file(path, "new"));
  char seen[4] = {};
  CHECK(std::fread(seen, 1, 3, reader) == 3);
  std::fclose(reader);
  CHECK(std::string(seen) == "old");
  CHECK(text_of(path) == "new");
  CHECK(mode_of(path) == 0600);
}

TEST_CASE("behind a symbolic link the file is replaced, and the link stays") {
  const Directory directory;
  REQUIRE(replace_file(directory.path / "real", "old"));
  fs::create_symlink("real", directory.path / "link");
  REQUIRE(replace_file(directory.path / "link", "new"));
  CHECK(fs::is_symlink(directory.path / "link"));
  CHECK(text_of(directory.path / "real") == "new");
}

TEST_CASE("a file that cannot be replaced is as it was, and nothing lies beside it") {
  const Directory directory;
  const fs::path path = directory.path / "is-a-directory";
  fs::create_directory(path);
  const Result<void> replaced = replace_file(path, "text");
  REQUIRE(!replaced);
  CHECK(replaced.error().message == path.string() + " cannot be written: Is a directory");
  CHECK(directory.files() == 1);
  CHECK(!replace_file(directory.path / "no" / "such", "text"));
}

TEST_CASE("a short file takes little memory, however long it might be") {
  const Directory directory;
  REQUIRE(replace_file(directory.path / "file", "12345"));
  const Result<std::string> text = read_file(directory.path / "file", std::size_t{1} << 30);
  CHECK(*text == "12345");
  CHECK(text->capacity() < std::size_t{1} << 20);
}

TEST_CASE("a stream without an end is read no further than its bound") {
  std::ifstream zeros("/dev/zero", std::ios::binary);
  CHECK(read_stream(zeros, "zeros", std::size_t{1} << 20).error().message == "zeros is longer than 1048576 bytes");
}

TEST_CASE("a file is read up to a bound") {
  const Directory directory;
  REQUIRE(replace_file(directory.path / "file", "12345"));
  CHECK(*read_file(directory.path / "file", 5) == "12345");
  CHECK(read_file(directory.path / "file", 4).error().message ==
        (directory.path / "file").string() + " is longer than 4 bytes");
  CHECK(read_file(directory.path / "none", 4).error().message ==
        (directory.path / "none").string() + " cannot be read: No such file or directory");
}

}  // namespace
}  // namespace rollcall::cli
