// SPDX-License-Identifier: Apache-2.0
#include "statement/clause_parser.hpp"

#include "base/text.hpp"
#include "statement/table_element.hpp"
#include "statement/table_option.hpp"
#include "statement/token_cursor.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace doppel::statement {
namespace {

class ClauseParser final {
public:
    ClauseParser(const TokenList& list, std::size_t begin, std::size_t end)
        : list_(list), cursor_(list, begin, end) {}

    base::Result<ClauseList> run();

private:
    struct Rule {
        std::string_view keyword;
        void (ClauseParser::*parse)();
    };
    static const Rule* rule_at(const TokenCursor& cursor);

    void clause();
    void add();
    void add_list(bool column_word, bool if_not_exists);
    void add_list_element(std::size_t begin, std::size_t end, std::string_view column_prefix);
    void drop();
    void modify();
    void change();
    void alter();
    void rename();
    void order_by();
    void convert();
    void keys_switch();
    void tablespace();
    void force();
    void modifier();
    void validation();
    void partition_by();
    void partition_operation();
    void misplaced_wait();
    void options();

    void if_exists() { cursor_.accept({"IF", "EXISTS"}); }
    bool if_not_exists() { return cursor_.accept({"IF", "NOT", "EXISTS"}); }
    bool index_word() { return accept_index_word(cursor_); }
    [[nodiscard]] bool at_partition_tail(std::size_t at) const;
    [[nodiscard]] bool at_clause_end() const {
        return cursor_.at_end() || cursor_.is_symbol(',') || at_partition_tail(cursor_.at());
    }
    [[nodiscard]] bool at_order_item() const;

    /// Where the clause ends whose head ends at the cursor.
    [[nodiscard]] std::size_t clause_end() const;
    void finish(ClauseKind kind) { finish_at(kind, clause_end()); }
    void finish_at(ClauseKind kind, std::size_t end);
    void finish_element(ClauseKind kind, std::size_t begin, std::size_t end);
    void check_comments(std::size_t begin, std::size_t head_end, std::size_t end);
    void check_complete(std::size_t end);
    [[nodiscard]] std::string_view written(std::size_t begin, std::size_t end) const;

    const TokenList& list_;
    TokenCursor cursor_;
    ClauseList result_;
    std::size_t begin_ = 0;  ///< of the clause being read
    Clause clause_;
    bool needs_comma_ = true;
};

const ClauseParser::Rule* ClauseParser::rule_at(const TokenCursor& cursor) {
    static constexpr std::array<Rule, 30> kRules = {{
        {"ADD", &ClauseParser::add},
        {"DROP", &ClauseParser::drop},
        {"MODIFY", &ClauseParser::modify},
        {"CHANGE", &ClauseParser::change},
        {"ALTER", &ClauseParser::alter},
        {"RENAME", &ClauseParser::rename},
        {"ORDER", &ClauseParser::order_by},
        {"CONVERT", &ClauseParser::convert},
        {"ENABLE", &ClauseParser::keys_switch},
        {"DISABLE", &ClauseParser::keys_switch},
        {"DISCARD", &ClauseParser::tablespace},
        {"IMPORT", &ClauseParser::tablespace},
        {"FORCE", &ClauseParser::force},
        {"ALGORITHM", &ClauseParser::modifier},
        {"LOCK", &ClauseParser::modifier},
        {"WITH", &ClauseParser::validation},
        {"WITHOUT", &ClauseParser::validation},
        {"PARTITION", &ClauseParser::partition_by},
        {"REMOVE", &ClauseParser::partition_by},
        {"ANALYZE", &ClauseParser::partition_operation},
        {"CHECK", &ClauseParser::partition_operation},
        {"COALESCE", &ClauseParser::partition_operation},
        {"EXCHANGE", &ClauseParser::partition_operation},
        {"OPTIMIZE", &ClauseParser::partition_operation},
        {"REBUILD", &ClauseParser::partition_operation},
        {"REORGANIZE", &ClauseParser::partition_operation},
        {"REPAIR", &ClauseParser::partition_operation},
        {"TRUNCATE", &ClauseParser::partition_operation},
        {"WAIT", &ClauseParser::misplaced_wait},
        {"NOWAIT", &ClauseParser::misplaced_wait},
    }};
    for (const Rule& rule : kRules) {
        if (cursor.is_word(rule.keyword)) {
            return &rule;
        }
    }
    return nullptr;
}

base::Result<ClauseList> ClauseParser::run() {
    while (cursor_.ok() && !cursor_.at_end()) {
        clause();
        if (!cursor_.ok() || cursor_.at_end() || !cursor_.is_symbol(',')) {
            continue;
        }
        ListItem comma;
        comma.comma = true;
        comma.begin = cursor_.at();
        comma.end = cursor_.at() + 1;
        result_.items.push_back(comma);
        cursor_.skip();
        if (cursor_.at_end()) {
            cursor_.fail("A clause is missing behind the last comma", "remove the comma");
        }
    }
    if (!cursor_.ok()) {
        return cursor_.failure();
    }
    return std::move(result_);
}

void ClauseParser::clause() {
    begin_ = cursor_.at();
    clause_ = Clause();
    needs_comma_ = true;
    if (!cursor_.is_name()) {
        cursor_.fail("There should be a clause", "write one such as ADD COLUMN");
        return;
    }
    if (const Rule* rule = rule_at(cursor_)) {
        (this->*rule->parse)();
    } else {
        options();
    }
}

void ClauseParser::add() {
    cursor_.skip();
    const bool column_word = cursor_.accept({"COLUMN"});
    const bool conditional = if_not_exists();
    if (cursor_.is_symbol('(')) {
        add_list(column_word, conditional);
    } else if (column_word || conditional) {
        finish(read_column_element(cursor_, clause_));
    } else if (cursor_.accept({"PARTITION"})) {
        finish_at(ClauseKind::partitioning, cursor_.end());
    } else {
        finish(read_table_element(cursor_, clause_));
    }
}

/// `ADD [COLUMN] (a INT, KEY k (a), ..)`: one clause per element, one item of the list.
void ClauseParser::add_list(bool column_word, bool if_not_exists) {
    const std::size_t open = cursor_.at();
    const std::size_t close = cursor_.skip_group();
    const TokenCursor behind = cursor_;
    if (!at_clause_end()) {
        cursor_.fail("A comma is missing behind a list of columns", "write it");
        return;
    }
    check_comments(begin_, open + 1, close + 1);
    const std::size_t list_begin = begin_;
    std::string prefix = column_word ? "COLUMN " : "";
    prefix += if_not_exists ? "IF NOT EXISTS " : "";
    const std::uint32_t depth = list_.tokens[open].depth + 1;
    std::size_t element_begin = open + 1;
    for (std::size_t i = open + 1; i <= close && cursor_.ok(); ++i) {
        if (i == close || (list_.is_symbol(i, ',') && list_.tokens[i].depth == depth)) {
            add_list_element(element_begin, i, prefix);
            element_begin = i + 1;
        }
    }
    if (cursor_.ok()) {
        ListItem item;
        item.kind = ClauseKind::add_column;
        item.begin = list_begin;
        item.end = close + 1;
        result_.items.push_back(item);
        cursor_ = behind;
    }
}

void ClauseParser::add_list_element(
    std::size_t begin, std::size_t end, std::string_view column_prefix
) {
    cursor_ = TokenCursor(list_, begin, end);
    begin_ = begin;
    clause_ = Clause();
    const ClauseKind kind = read_table_element(cursor_, clause_);
    finish_element(kind, begin, end);
    if (cursor_.ok()) {
        Clause& clause = result_.clauses.back();
        const bool is_column = clause.kind == ClauseKind::add_column;
        clause.text.insert(0, is_column ? "ADD " + std::string(column_prefix) : "ADD ");
    }
}

void ClauseParser::drop() {
    cursor_.skip();
    if (cursor_.accept({"PARTITION"})) {
        finish_at(ClauseKind::partitioning, cursor_.end());
        return;
    }
    if (cursor_.accept({"PRIMARY"})) {
        cursor_.expect("KEY");
        finish(ClauseKind::drop_primary_key);
        return;
    }
    if (cursor_.accept({"PERIOD", "FOR"}) || cursor_.accept({"SYSTEM", "VERSIONING"})) {
        finish(ClauseKind::other);
        return;
    }
    ClauseKind kind = ClauseKind::drop_column;
    std::string_view what = kColumnName;
    if (index_word()) {
        kind = ClauseKind::drop_index;
        what = kIndexName;
    } else if (cursor_.accept({"FOREIGN"})) {
        cursor_.expect("KEY");
        kind = ClauseKind::drop_foreign_key;
        what = kConstraintName;
    } else if (cursor_.accept({"CONSTRAINT"}) || cursor_.accept({"CHECK"})) {
        kind = ClauseKind::drop_constraint;
        what = kConstraintName;
    } else {
        cursor_.accept({"COLUMN"});
    }
    if_exists();
    clause_.column = cursor_.expect_name(what);
    // `PRIMARY` is the primary key's name, and the server drops it by that name too.
    const bool may_be_primary =
        kind == ClauseKind::drop_index || kind == ClauseKind::drop_constraint;
    if (may_be_primary && base::equals_ignore_case(clause_.column, "PRIMARY")) {
        kind = ClauseKind::drop_primary_key;
    }
    finish(kind);
}

void ClauseParser::modify() {
    cursor_.skip();
    cursor_.accept({"COLUMN"});
    if_exists();
    clause_.column = cursor_.expect_name(kColumnName);
    finish(ClauseKind::modify_column);
}

void ClauseParser::change() {
    cursor_.skip();
    cursor_.accept({"COLUMN"});
    if_exists();
    clause_.column = cursor_.expect_name(kColumnName);
    clause_.new_name = cursor_.expect_name("a new column name");
    finish(ClauseKind::change_column);
}

void ClauseParser::alter() {
    cursor_.skip();
    const bool is_index =
        index_word() || cursor_.accept({"CONSTRAINT"}) || cursor_.accept({"CHECK"});
    if (!is_index) {
        cursor_.accept({"COLUMN"});
    }
    if_exists();
    clause_.column = cursor_.expect_name(is_index ? kIndexName : kColumnName);
    finish(is_index ? ClauseKind::alter_index : ClauseKind::alter_column);
}

void ClauseParser::rename() {
    cursor_.skip();
    const bool column = cursor_.accept({"COLUMN"});
    if (column || index_word()) {
        if_exists();
        clause_.column = cursor_.expect_name(column ? kColumnName : kIndexName);
        cursor_.expect("TO");
        clause_.new_name = cursor_.expect_name(column ? "a new column name" : "a new index name");
        finish(column ? ClauseKind::rename_column : ClauseKind::rename_index);
        return;
    }
    if (!cursor_.accept({"TO"}) && !cursor_.accept({"AS"})) {
        cursor_.accept_symbol('=');
    }
    const TokenCursor::QualifiedName name = cursor_.expect_table_name();
    clause_.new_name = name.schema ? *name.schema + "." + name.name : name.name;
    finish(ClauseKind::rename_table);
}

/// Commas separate columns here, and the server's grammar takes every comma behind ORDER BY for one
/// of these, so no other clause may follow.
void ClauseParser::order_by() {
    cursor_.skip();
    cursor_.expect("BY");
    const std::size_t head_end = cursor_.at();
    std::size_t end = clause_end();
    while (end < cursor_.end() && list_.is_symbol(end, ',')) {
        cursor_.seek(end + 1);
        if (!at_order_item()) {
            cursor_.fail("There should be a column to order by", "make ORDER BY the last clause");
            return;
        }
        end = clause_end();
    }
    cursor_.seek(head_end);
    finish_at(ClauseKind::order_by, end);
}

bool ClauseParser::at_order_item() const {
    std::size_t at = 0;
    if (!cursor_.is_name()) {
        return false;
    }
    ++at;
    while (cursor_.is_symbol('.', at) && cursor_.is_name(at + 1)) {
        at += 2;
    }
    if (cursor_.is_word("ASC", at) || cursor_.is_word("DESC", at)) {
        ++at;
    }
    return cursor_.at() + at >= cursor_.end() || cursor_.is_symbol(',', at) ||
           at_partition_tail(cursor_.at() + at);
}

void ClauseParser::convert() {
    cursor_.skip();
    if (cursor_.accept({"PARTITION"}) || cursor_.accept({"TABLE"})) {
        finish_at(ClauseKind::partitioning, cursor_.end());
    } else {
        cursor_.expect("TO");
        finish(ClauseKind::convert_charset);
    }
}

void ClauseParser::keys_switch() {
    cursor_.skip();
    finish(cursor_.accept({"KEYS"}) ? ClauseKind::keys_switch : ClauseKind::other);
}

void ClauseParser::tablespace() {
    cursor_.skip();
    if (cursor_.accept({"PARTITION"})) {
        finish_at(ClauseKind::partitioning, cursor_.end());
    } else {
        finish(cursor_.accept({"TABLESPACE"}) ? ClauseKind::tablespace : ClauseKind::other);
    }
}

void ClauseParser::force() {
    cursor_.skip();
    finish(ClauseKind::force);
}

/// ALGORITHM and LOCK are taken out of the text, so nothing else may hide in their clauses.
void ClauseParser::modifier() {
    const ClauseKind kind = cursor_.is_word("LOCK") ? ClauseKind::lock : ClauseKind::algorithm;
    cursor_.skip();
    cursor_.accept_symbol('=');
    if (!cursor_.is_name()) {
        cursor_.fail("ALGORITHM or LOCK has no value", "write one, as in ALGORITHM=INPLACE");
        return;
    }
    cursor_.skip();
    if (!at_clause_end()) {
        cursor_.fail("There should be a comma behind an ALGORITHM or LOCK clause", "write it");
        return;
    }
    finish(kind);
}

void ClauseParser::validation() {
    cursor_.skip();
    finish(cursor_.accept({"VALIDATION"}) ? ClauseKind::validation : ClauseKind::other);
}

void ClauseParser::partition_by() {
    if (!at_partition_tail(cursor_.at())) {
        options();
        return;
    }
    needs_comma_ = false;
    cursor_.skip(2);
    finish(ClauseKind::partitioning);
}

/// Partition names are separated by commas and no other clause may follow (MySQL manual, "ALTER
/// TABLE Partition Operations"), so the clause ends with the statement.
void ClauseParser::partition_operation() {
    cursor_.skip();
    if (cursor_.accept({"PARTITION"})) {
        finish_at(ClauseKind::partitioning, cursor_.end());
    } else {
        finish(ClauseKind::other);
    }
}

void ClauseParser::misplaced_wait() {
    cursor_.fail(
        "WAIT or NOWAIT stands among the clauses", "write it once, directly behind the table's name"
    );
}

/// Table options need no commas between them; each is a clause.
void ClauseParser::options() {
    bool first = true;
    do {
        begin_ = cursor_.at();
        clause_ = Clause();
        needs_comma_ = first;
        if (!first && cursor_.is_any_word({"ALGORITHM", "LOCK"})) {
            cursor_.fail("There should be a comma before ALGORITHM or LOCK", "write it");
            return;
        }
        const std::optional<std::string> option = read_table_option(cursor_);
        if (!option) {
            cursor_.skip();
            finish(ClauseKind::other);
            return;
        }
        clause_.option = *option;
        finish_at(ClauseKind::table_option, cursor_.at());
        first = false;
    } while (cursor_.ok() && !at_clause_end());
}

/// PARTITION BY and REMOVE PARTITIONING follow the last clause without a comma.
bool ClauseParser::at_partition_tail(std::size_t at) const {
    if (at + 1 >= cursor_.end()) {
        return false;
    }
    return (list_.is_word(at, "PARTITION") && list_.is_word(at + 1, "BY")) ||
           (list_.is_word(at, "REMOVE") && list_.is_word(at + 1, "PARTITIONING"));
}

std::size_t ClauseParser::clause_end() const {
    const std::uint32_t depth =
        begin_ < list_.tokens.size() ? list_.tokens[begin_].depth : std::uint32_t{0};
    std::size_t at = cursor_.at();
    for (; at < cursor_.end(); ++at) {
        if (list_.tokens[at].depth != depth) {
            continue;
        }
        if (list_.is_symbol(at, ',') || (at_partition_tail(at) && !list_.is_symbol(at - 1, '.'))) {
            break;
        }
    }
    return at;
}

void ClauseParser::finish_at(ClauseKind kind, std::size_t end) {
    const std::size_t begin = begin_;
    finish_element(kind, begin, end);
    if (cursor_.ok()) {
        ListItem item;
        item.kind = kind;
        item.needs_comma = needs_comma_;
        item.begin = begin;
        item.end = end;
        result_.items.push_back(item);
    }
}

void ClauseParser::finish_element(ClauseKind kind, std::size_t begin, std::size_t end) {
    if (!cursor_.ok()) {
        return;
    }
    check_comments(begin, cursor_.at(), end);
    check_complete(end);
    clause_.kind = kind;
    clause_.text = written(begin, end);
    const bool defines_column = kind == ClauseKind::add_column ||
                                kind == ClauseKind::modify_column ||
                                kind == ClauseKind::change_column;
    for (std::size_t i = cursor_.at(); defines_column && i < end; ++i) {
        const bool outside = list_.tokens[i].depth == list_.tokens[begin].depth;
        clause_.inline_references |= outside && list_.is_word(i, "REFERENCES");
    }
    result_.clauses.push_back(clause_);
    cursor_.seek(end);
}

/// Which clause it is must not depend on a server's version: its head lies outside of executable
/// comments or the whole clause lies in one. Nor may a comment reach from a clause into the next.
void ClauseParser::check_comments(std::size_t begin, std::size_t head_end, std::size_t end) {
    const auto comment_of = [this](std::size_t token) { return list_.tokens[token].comment; };
    const std::uint32_t outer = comment_of(begin);
    bool good = outer == kNoComment || comment_of(end - 1) == outer;
    for (std::size_t i = begin; good && i < head_end; ++i) {
        good = comment_of(i) == outer;
    }
    const std::uint32_t last = comment_of(end - 1);
    const bool reaches_out =
        last != kNoComment && end < list_.tokens.size() && comment_of(end) == last;
    if (!good || (reaches_out && outer != last)) {
        cursor_.fail_at(
            begin,
            "An executable comment holds only a part of the clause",
            "put it around whole clauses or around the last words of one"
        );
    }
}

/// No clause ends with an operator. One that ends with two minus signs would swallow what is
/// written behind it as a comment.
void ClauseParser::check_complete(std::size_t end) {
    if (list_.tokens[end - 1].kind == TokenKind::symbol && !list_.is_symbol(end - 1, ')')) {
        cursor_.fail_at(end - 1, "A clause ends with an operator", "complete the clause");
    }
}

std::string_view ClauseParser::written(std::size_t begin, std::size_t end) const {
    const Token& first = list_.tokens[begin];
    const Token& last = list_.tokens[end - 1];
    const bool ends_inside = last.comment != first.comment && last.comment != kNoComment;
    const std::size_t bytes_end = ends_inside ? list_.comments[last.comment - 1].end : last.end;
    return list_.text.substr(first.begin, bytes_end - first.begin);
}

}  // namespace

base::Result<ClauseList> parse_clauses(const TokenList& list, std::size_t begin, std::size_t end) {
    return ClauseParser(list, begin, end).run();
}

}  // namespace doppel::statement
