// A statement parameter that caches its text, because most rows have the same text as the row before. SQLite keeps
// bindings when a statement is reset, so `bind` does nothing if the text is unchanged.
//
// Owner    the owner of the statement; the statement must outlive it. Stores one copy of the text, and SQLite uses
//          that.
// Threads  one at a time.
// Failure  SQLite's exceptions; the next `bind` then binds again.
#pragma once

#include <SQLiteCpp/Statement.h>
#include <string>
#include <string_view>

namespace rollcall::store {

class KeptText {
 public:
  KeptText(SQLite::Statement& statement, int place) : statement_(statement), place_(place) {}
  KeptText(const KeptText&) = delete;
  KeptText& operator=(const KeptText&) = delete;
  KeptText(KeptText&&) = delete;
  KeptText& operator=(KeptText&&) = delete;
  ~KeptText() = default;

  void bind(std::string_view text) {
    if (is_bound_ && text == text_) return;
    is_bound_ = false;
    text_ = text;
    statement_.bindNoCopy(place_, text_);
    is_bound_ = true;
  }

 private:
  SQLite::Statement& statement_;
  const int place_;
  std::string text_;
  bool is_bound_ = false;
};

}  // namespace rollcall::store
