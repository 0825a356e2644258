// A parameter whose text is mostly the one of the row before. What is bound outlasts the reset of its statement, so only
// another text is bound again.
//
// Owner    whoever owns the statement, which must live as long. Keeps a copy of the text, bound without another one.
// Threads  one at a time.
// Failure  SQLite's exceptions; the text is bound again then.
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
