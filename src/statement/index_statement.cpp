// SPDX-License-Identifier: Apache-2.0
#include "statement/index_statement.hpp"

#include "statement/token_cursor.hpp"

#include <fmt/format.h>

namespace doppel::statement {
namespace {

class IndexStatement final {
public:
    IndexStatement(const TokenList& list, std::size_t end) : list_(list), cursor_(list, 0, end) {}

    base::Result<std::string> run() {
        if (!is_about_index()) {
            cursor_.fail(
                "This statement is neither an ALTER TABLE nor a CREATE INDEX or DROP INDEX",
                "run it on the server directly; Doppel changes tables that stay"
            );
            return cursor_.failure();
        }
        std::string text = cursor_.accept({"CREATE"}) ? create() : drop();
        if (!cursor_.ok()) {
            return cursor_.failure();
        }
        return text;
    }

private:
    std::string create();
    std::string drop();
    std::string algorithm_and_lock();

    /// INDEX comes among the first words.
    [[nodiscard]] bool is_about_index() const {
        for (std::size_t distance = 1; distance <= 4; ++distance) {
            if (cursor_.is_word("INDEX", distance)) {
                return true;
            }
        }
        return false;
    }

    void refuse() {
        cursor_.fail(
            "This is neither an ALTER TABLE nor a plain CREATE INDEX or DROP INDEX",
            "write it as ALTER TABLE .. ADD INDEX or ALTER TABLE .. DROP INDEX"
        );
    }
    [[nodiscard]] std::string written(std::size_t begin, std::size_t end) const {
        if (begin == end) {
            return {};
        }
        const std::size_t from = list_.tokens[begin].begin;
        return std::string(list_.text.substr(from, list_.tokens[end - 1].end - from));
    }

    const TokenList& list_;
    TokenCursor cursor_;
};

std::string IndexStatement::create() {
    const std::size_t kind = cursor_.at();
    if (cursor_.is_any_word({"UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR"})) {
        cursor_.skip();
    }
    if (!cursor_.accept({"INDEX"}) || !list_.comments.empty()) {
        refuse();
        return {};
    }
    cursor_.accept({"IF", "NOT", "EXISTS"});
    cursor_.expect_name("an index name");
    if (cursor_.is_any_word({"USING", "TYPE"})) {
        cursor_.skip(2);
    }
    const std::size_t name_end = cursor_.at();
    cursor_.expect("ON");
    const std::size_t table = cursor_.at();
    cursor_.expect_table_name();
    const std::size_t columns = cursor_.at();
    if (!cursor_.ok() || !cursor_.is_symbol('(')) {
        refuse();
        return {};
    }
    cursor_.skip_group();
    if (cursor_.is_any_word({"WAIT", "NOWAIT"})) {
        refuse();
        return {};
    }
    while (!cursor_.at_end() && !cursor_.is_any_word({"ALGORITHM", "LOCK"})) {
        if (cursor_.is_symbol(',')) {
            refuse();
            return {};
        }
        cursor_.skip();
    }
    const std::string definition = written(columns, cursor_.at());
    return fmt::format(
        "ALTER TABLE {} ADD {} {}{}",
        written(table, columns),
        written(kind, name_end),
        definition,
        algorithm_and_lock()
    );
}

std::string IndexStatement::drop() {
    cursor_.skip();
    const std::size_t begin = cursor_.at();
    if (!cursor_.accept({"INDEX"}) || !list_.comments.empty()) {
        refuse();
        return {};
    }
    cursor_.accept({"IF", "EXISTS"});
    cursor_.expect_name("an index name");
    const std::size_t name_end = cursor_.at();
    cursor_.expect("ON");
    const std::size_t table = cursor_.at();
    cursor_.expect_table_name();
    const std::string table_text = written(table, cursor_.at());
    return fmt::format(
        "ALTER TABLE {} {}{}", table_text, "DROP " + written(begin, name_end), algorithm_and_lock()
    );
}

/// `[ALGORITHM [=] x] [LOCK [=] x]` at the end, with the commas that ALTER TABLE wants.
std::string IndexStatement::algorithm_and_lock() {
    std::string text;
    while (cursor_.ok() && !cursor_.at_end()) {
        const std::size_t begin = cursor_.at();
        if (!cursor_.is_any_word({"ALGORITHM", "LOCK"})) {
            refuse();
            break;
        }
        cursor_.skip();
        cursor_.accept_symbol('=');
        cursor_.expect_name("the value of ALGORITHM or LOCK");
        text += ", " + written(begin, cursor_.at());
    }
    return text;
}

}  // namespace

base::Result<std::string> alter_of_index_statement(const TokenList& list, std::size_t end) {
    return IndexStatement(list, end).run();
}

}  // namespace doppel::statement
