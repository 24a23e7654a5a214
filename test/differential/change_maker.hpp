// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "differential/program.hpp"

#include <set>
#include <string>

namespace doppel::differential {

/// The clauses of an ALTER, one after another, none of which names a column that another one names.
///
/// What is not tried, since the native ALTER is not the same twice or not the measure:
/// - ADD COLUMN with a default of the time, a random number or a UUID: computed for each row.
/// - NULL changed into TIMESTAMP NOT NULL: the server takes the present time for it, Doppel exit 5.
/// - ADD COLUMN of a spatial type NOT NULL with a DEFAULT: the server fails with error 1138 if
///   there are rows, whatever the default; Doppel does it. Without a DEFAULT both fail.
/// - CONVERT TO with ENUM or SET: the server reads the bytes of the labels in the new character
///   set, so that they become others; Doppel stops with exit 5.
/// - AUTO_INCREMENT added to a table with rows: the numbers follow the order of the copy.
class ChangeMaker final {
public:
    ChangeMaker(Program& program, Random& random) : program_(program), random_(random) {}

    void make();

private:
    void make_one();
    void add(const std::string& clause, const std::string& feature);
    std::string new_name();
    /// Something else of the table is made of it.
    bool needed(const Column& column) const;
    /// A column that no other clause names; none when there is no such column. Statements that the
    /// server refuses as such are worth little, so those that others need are taken rarely.
    Column* some_column(bool of_key = false);
    void touch(const Column& column);
    std::string place();
    std::string nullability(Column& column);
    std::string attributes(Column& column, const Type& type);
    void add_column();
    void add_generated();
    void retype(Column& column);
    void modify();
    void change();
    void drop_column();
    static std::string renamed(const std::string& from, const std::string& to);
    void rename();
    void reorder();
    void alter_column();
    void add_index();
    const Element* some_element(const std::string& prefix);
    void change_index();
    void change_check();
    void convert_charset();
    void table_option();
    std::string key_columns() const;
    void change_key();
    void widen_key();
    bool widen(Type& type);
    static bool lengthen(Type& type);
    bool retype_key(Type& type);
    void partition();

    Program& program_;
    Random& random_;
    std::set<std::string> touched_;
    std::set<std::string> check_names_;
    unsigned next_name_ = 0;
};

}  // namespace doppel::differential
