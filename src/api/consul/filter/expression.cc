#include "api/consul/filter/expression.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <re2/re2.h>
#include <utility>

#include "api/consul/filter/tokens.h"

namespace rollcall::api::consul {
namespace {

enum class Operator : std::uint8_t { equal, has, matches, is_empty };
constexpr std::int64_t k_pattern_bytes_max = 256 * 1024;  // of a compiled pattern

}  // namespace

struct Filter::Node {
  enum class Kind : std::uint8_t { every, any, match };
  Kind kind = Kind::match;
  bool is_opposite = false;
  std::vector<std::shared_ptr<const Node>> children;  // every, any
  Operator op = Operator::equal;                      // match
  FilterField field{};
  std::string key = {};  // of a map
  std::string value = {};
  std::unique_ptr<RE2> pattern = {};
};

namespace {

using Node = Filter::Node;
using Shared = std::shared_ptr<const Node>;
using Token = FilterToken;

struct Selector {
  std::size_t at = 0;
  std::string path;
  FilterField field{};
  std::string key;
  bool has_key = false;
};

class Parser {
 public:
  Parser(std::vector<Token> tokens, std::span<const FilterField> fields)
      : tokens_(std::move(tokens)), fields_(fields) {}

  Result<Shared> parse() {
    Result<Shared> whole = parse_chain(Node::Kind::any, 0);
    if (whole && now().kind != Token::Kind::end) {
      return filter_error(now().at, fmt::format("expected and, or, or the end, not {}", quoted(now())));
    }
    return whole;
  }

 private:
  [[nodiscard]] const Token& now() const { return tokens_[next_]; }
  [[nodiscard]] const Token& after(std::size_t n) const { return tokens_[std::min(next_ + n, tokens_.size() - 1)]; }
  void step() { next_ = std::min(next_ + 1, tokens_.size() - 1); }
  bool take(std::string_view what) {
    if (!now().is(what)) return false;
    step();
    return true;
  }
  static std::string quoted(const Token& token) {
    return token.kind == Token::Kind::end ? std::string("the end") : fmt::format("\"{}\"", token.text.substr(0, 40));
  }

  // A chain of `or`, whose links are chains of `and`, whose links are what may be negated.
  Result<Shared> parse_chain(Node::Kind kind, std::size_t depth) {
    const bool is_or = kind == Node::Kind::any;
    const auto parse_link = [&] { return is_or ? parse_chain(Node::Kind::every, depth) : parse_not(depth); };
    Result<Shared> first = parse_link();
    if (!first || !now().is(is_or ? "or" : "and")) return first;
    auto chain = std::make_shared<Node>();
    chain->kind = kind;
    chain->children.push_back(std::move(*first));
    while (take(is_or ? "or" : "and")) {
      Result<Shared> link = parse_link();
      if (!link) return link;
      chain->children.push_back(std::move(*link));
    }
    return chain;
  }

  Result<Shared> parse_not(std::size_t depth) {
    if (depth > k_filter_depth_max) return filter_error(now().at, "this is nested too deep");
    // `not` may be a value: `not in Tags`.
    const bool is_negation = now().is("not") && !after(1).is("in") && !(after(1).is("not") && after(2).is("in"));
    if (is_negation) {
      step();
      Result<Shared> inner = parse_not(depth + 1);
      if (!inner) return inner;
      auto node = std::make_shared<Node>();
      node->kind = Node::Kind::every;
      node->is_opposite = true;
      node->children.push_back(std::move(*inner));
      return node;
    }
    if (take("(")) {
      Result<Shared> inner = parse_chain(Node::Kind::any, depth + 1);
      if (!inner) return inner;
      if (!take(")")) return filter_error(now().at, fmt::format("expected ), not {}", quoted(now())));
      return inner;
    }
    return parse_match();
  }

  Result<Shared> parse_match() {
    if (++matches_ > k_filter_matches_max) return filter_error(now().at, "this has too many comparisons");
    const std::size_t begin = next_;
    if (const std::optional<std::string> value = read_value()) {
      const bool is_opposite = now().is("not");
      if (now().is("in") || (is_opposite && after(1).is("in"))) {
        next_ += is_opposite ? 2 : 1;
        Result<Selector> selector = parse_selector();
        if (!selector) return std::unexpected(selector.error());
        return make(*selector, Operator::has, is_opposite, *value);
      }
    }
    next_ = begin;
    Result<Selector> selector = parse_selector();
    if (!selector) return std::unexpected(selector.error());
    return parse_operator(*selector);
  }

  Result<Shared> parse_operator(const Selector& selector) {
    if (take("is")) {
      const bool is_opposite = take("not");
      if (!take("empty")) return filter_error(now().at, fmt::format("expected empty, not {}", quoted(now())));
      return make(selector, Operator::is_empty, is_opposite, {});
    }
    bool is_opposite = take("not");
    Operator op{};
    if (take("contains")) {
      op = Operator::has;
    } else if (take("matches")) {
      op = Operator::matches;
    } else if (!is_opposite && (now().is("==") || now().is("!="))) {
      op = Operator::equal;
      is_opposite = now().is("!=");
      step();
    } else {
      return filter_error(now().at, fmt::format("expected ==, !=, in, contains, matches or is, not {}", quoted(now())));
    }
    const std::size_t at = now().at;
    std::optional<std::string> value = read_value();
    if (!value) return filter_error(at, fmt::format("expected a value, not {}", quoted(now())));
    return make(selector, op, is_opposite, std::move(*value));
  }

  // A quoted text, or words joined by dots: `web.v1`, `-1.5`.
  std::optional<std::string> read_value() {
    if (now().kind == Token::Kind::quoted) {
      std::string value = now().text;
      step();
      return value;
    }
    if (now().kind != Token::Kind::word) return std::nullopt;
    std::string value = now().text;
    step();
    while ((now().kind == Token::Kind::word || now().is(".")) && now().is_joined) {
      value += now().text;
      step();
    }
    return value;
  }

  Result<Selector> parse_selector() {
    Selector selector{.at = now().at, .path = {}, .key = {}};
    if (now().kind != Token::Kind::word) {
      return filter_error(now().at, fmt::format("expected a selector, not {}", quoted(now())));
    }
    selector.path = now().text;
    step();
    bool is_known = find_field(selector);
    while (now().is(".") || now().is("[")) {
      const bool is_indexed = take("[");
      if (!is_indexed) step();
      if (now().kind != Token::Kind::word && (!is_indexed || now().kind != Token::Kind::quoted)) {
        return filter_error(now().at, fmt::format("expected a name, not {}", quoted(now())));
      }
      std::string name = now().text;
      step();
      if (is_indexed && !take("]")) return filter_error(now().at, fmt::format("expected ], not {}", quoted(now())));
      if (is_known && selector.field.kind == FieldKind::map) {
        // A key may have dots: Meta.a.b.
        selector.key += selector.has_key ? '.' + name : name;
        selector.has_key = true;
        continue;
      }
      selector.path += '.' + name;
      is_known = find_field(selector);
    }
    if (is_known) return selector;
    return filter_error(selector.at, fmt::format("Selector \"{}\" is not valid", selector.path.substr(0, 80)));
  }

  bool find_field(Selector& selector) const {
    const auto found = std::ranges::find(fields_, std::string_view(selector.path), &FilterField::path);
    if (found == fields_.end()) return false;
    selector.field = *found;
    return true;
  }

  Result<Shared> make(const Selector& selector, Operator op, bool is_opposite, std::string value) {
    const FieldKind kind = selector.has_key ? FieldKind::text : selector.field.kind;
    const bool has_many = kind == FieldKind::texts || kind == FieldKind::map;
    const bool is_fit = op == Operator::equal     ? kind != FieldKind::map && kind != FieldKind::texts
                        : op == Operator::matches ? kind == FieldKind::text || kind == FieldKind::texts
                                                  : has_many || kind == FieldKind::text;
    if (!is_fit) return filter_error(selector.at, "this operator does not fit this selector");
    auto node = std::make_shared<Node>();
    node->is_opposite = is_opposite;
    node->op = op;
    node->field = selector.field;
    node->field.kind = kind;
    node->key = selector.key;
    if (op == Operator::matches) {
      RE2::Options options;
      options.set_log_errors(false);
      options.set_max_mem(k_pattern_bytes_max);
      node->pattern = std::make_unique<RE2>(value, options);
      if (!node->pattern->ok()) {
        return filter_error(selector.at, fmt::format("this pattern is not valid: {}", node->pattern->error()));
      }
    }
    node->value = std::move(value);
    return node;
  }

  std::vector<Token> tokens_;
  std::span<const FilterField> fields_;
  std::size_t next_ = 0;
  std::size_t matches_ = 0;
};

bool holds(const Node& node, const FilterSource& source, FieldValues& values) {
  if (node.kind == Node::Kind::every) {
    return std::ranges::all_of(node.children, [&](const Shared& each) { return holds(*each, source, values); }) !=
           node.is_opposite;
  }
  if (node.kind == Node::Kind::any) {
    return std::ranges::any_of(node.children, [&](const Shared& each) { return holds(*each, source, values); }) !=
           node.is_opposite;
  }
  values.clear();
  source.read(node.field.id, node.key, values);
  const bool has_many = node.field.kind == FieldKind::texts || node.field.kind == FieldKind::map;
  const auto is_so = [&](std::string_view value) {
    switch (node.op) {
      case Operator::equal: return value == node.value;
      case Operator::has: return has_many ? value == node.value : value.contains(node.value);
      case Operator::matches: return RE2::PartialMatch({value.data(), value.size()}, *node.pattern);
      case Operator::is_empty: return !has_many && value.empty();
    }
    return false;
  };
  if (node.field.is_each) {
    return std::ranges::any_of(values.all(), [&](std::string_view value) { return is_so(value) != node.is_opposite; });
  }
  const bool any = std::ranges::any_of(values.all(), is_so);
  return (any || (node.op == Operator::is_empty && values.all().empty())) != node.is_opposite;
}

}  // namespace

Result<Filter> Filter::compile(std::string_view text, std::span<const FilterField> fields) {
  if (text.size() > k_filter_bytes_max) return filter_error(k_filter_bytes_max, "this is too long");
  Result<std::vector<FilterToken>> tokens = read_tokens(text);
  if (!tokens) return std::unexpected(tokens.error());
  Result<Shared> root = Parser(std::move(*tokens), fields).parse();
  if (!root) return std::unexpected(root.error());
  return Filter(std::move(*root));
}

bool Filter::matches(const FilterSource& source) const {
  FieldValues values;
  return holds(*root_, source, values);
}

}  // namespace rollcall::api::consul
