// SPDX-License-Identifier: Apache-2.0
//
// The random ALTER of a program.
#include "differential/program.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>

namespace doppel::differential {
namespace {

// What the fuzzer does not try, since the native ALTER is not the same twice or not the measure:
// - ADD COLUMN with a default of the time, a random number or a UUID: computed for each row.
// - NULL changed into TIMESTAMP NOT NULL: the server takes the present time for it, Doppel exit 5.
// - ADD COLUMN of a spatial type NOT NULL with a DEFAULT: the server fails with error 1138 if there
//   are rows, whatever the default; Doppel does it.
// - CONVERT TO with ENUM or SET: the server reads the bytes of the labels in the new character set,
// so
//   that they become others; Doppel stops with exit 5.
// - AUTO_INCREMENT added to a table with rows: the numbers follow the order of the copy.

class ChangeMaker final {
public:
    ChangeMaker(Program& program, Random& random) : program_(program), random_(random) {}

    void make() {
        if (random_.chance(5)) {
            partition();
            return;
        }
        const unsigned count = 1 + random_.below(4);
        for (unsigned tries = 0; program_.clauses.size() < count && tries < 20; ++tries) {
            make_one();
        }
        if (program_.clauses.empty()) {
            add("COMMENT='changed'", "table option");
        }
    }

private:
    void make_one() {
        struct Choice {
            unsigned weight;
            void (ChangeMaker::*make)();
        };
        static const std::vector<Choice> choices{
            {16, &ChangeMaker::add_column},
            {3, &ChangeMaker::add_generated},
            {22, &ChangeMaker::modify},
            {8, &ChangeMaker::change},
            {8, &ChangeMaker::drop_column},
            {9, &ChangeMaker::rename},
            {5, &ChangeMaker::reorder},
            {6, &ChangeMaker::alter_column},
            {9, &ChangeMaker::add_index},
            {6, &ChangeMaker::change_index},
            {4, &ChangeMaker::change_check},
            {7, &ChangeMaker::table_option},
            {5, &ChangeMaker::change_key},
            {4, &ChangeMaker::widen_key}};
        unsigned sum = 0;
        for (const Choice& choice : choices) {
            sum += choice.weight;
        }
        unsigned at = random_.below(sum);
        for (const Choice& choice : choices) {
            if (at < choice.weight) {
                (this->*choice.make)();
                return;
            }
            at -= choice.weight;
        }
    }

    void add(const std::string& clause, const std::string& feature) {
        program_.clauses.push_back(clause);
        program_.features.insert("change " + feature);
    }

    std::string new_name() { return fmt::format("n{}", next_name_++); }

    // Something else of the table is made of it.
    bool needed(const Column& column) const {
        const auto names = [&](const std::string& sql) {
            return sql.find(column.name) != std::string::npos;
        };
        return std::any_of(
                   program_.columns.begin(),
                   program_.columns.end(),
                   [&](const Column& other) { return names(other.expression); }
               ) ||
               std::any_of(
                   program_.elements.begin(),
                   program_.elements.end(),
                   [&](const Element& element) {
                       return names(element.sql) &&
                              (element.sql.find("((") != std::string::npos ||
                               element.sql.find("CHECK") != std::string::npos);
                   }
               );
    }

    /// A column that no other clause names; none when there is no such column. Statements that the
    /// server refuses as such are worth little, so those that others need are taken rarely.
    Column* some_column(bool of_key = false) {
        for (unsigned i = 0; i < 12; ++i) {
            Column& column = program_.columns[random_.index(program_.columns.size())];
            if (!column.generated() && (of_key || !column.key) &&
                touched_.count(column.name) == 0 && (!needed(column) || random_.chance(15))) {
                return &column;
            }
        }
        return nullptr;
    }

    void touch(const Column& column) { touched_.insert(column.name); }

    std::string place() {
        if (random_.chance(65)) {
            return "";
        }
        program_.features.insert("change order of columns");
        if (random_.chance(30)) {
            return " FIRST";
        }
        const Column& after = random_.pick(program_.columns);
        return touched_.count(after.name) == 0 ? " AFTER " + after.name : "";
    }

    std::string nullability(Column& column) {
        const bool stamp = column.type.name == "timestamp" ||
                           (column.becomes && column.becomes->name == "timestamp");
        if (column.nullable && stamp) {
            return " NULL";
        }
        if (column.nullable && random_.chance(15)) {
            column.becomes_not_null = true;
            program_.features.insert("change NULL to NOT NULL");
            return " NOT NULL";
        }
        if (column.nullable) {
            return "";
        }
        if (random_.chance(15) && !column.key) {
            program_.features.insert("change NOT NULL to NULL");
            return stamp ? " NULL" : "";
        }
        return " NOT NULL";
    }

    std::string attributes(Column& column, const Type& type) {
        std::string text = nullability(column);
        if (column.auto_increment) {
            return text + (random_.chance(85) ? " AUTO_INCREMENT" : "");
        }
        if (random_.chance(30)) {
            text += " DEFAULT " + random_default(type, random_);
        }
        return text + (random_.chance(5) ? " INVISIBLE" : "");
    }

    void add_column() {
        Column column;
        column.name = new_name();
        column.type = random_type(random_);
        column.nullable = random_.chance(60) || column.type.kind == Kind::geometry;
        std::string text = column.nullable ? "" : " NOT NULL";
        if (column.nullable && column.type.name == "timestamp") {
            text = " NULL";
        }
        // Without one the server takes a value that some types do not have.
        if (random_.chance(column.nullable || !column.type.large() ? 40 : 90)) {
            text += " DEFAULT " + random_default(column.type, random_);
        }
        column.attributes = text;
        add("ADD COLUMN " + column.sql() + place(), "add column");
    }

    void add_generated() {
        const Column* of = some_column();
        if (of == nullptr) {
            return;
        }
        Column column;
        column.name = new_name();
        column.expression = random_expression(*of, random_, column.type);
        column.stored = random_.chance(50);
        touch(*of);
        add("ADD COLUMN " + column.sql() + place(), "add generated column");
    }

    void retype(Column& column) {
        column.becomes = changed_type(column.type, random_);
        program_.features.insert(
            column.becomes->charset != column.type.charset && column.becomes->kind == Kind::text &&
                    column.type.kind == Kind::text
                ? "change charset of a column"
                : "change type of " + column.type.name
        );
    }

    void modify() {
        Column* column = some_column(random_.chance(8));
        if (column == nullptr) {
            return;
        }
        if (random_.chance(85)) {
            retype(*column);
        }
        const Type& type = column->becomes ? *column->becomes : column->type;
        touch(*column);
        add("MODIFY COLUMN " + column->name + " " + type.sql() + attributes(*column, type) +
                place(),
            "MODIFY");
    }

    void change() {
        Column* column = some_column(random_.chance(8));
        if (column == nullptr) {
            return;
        }
        if (random_.chance(60)) {
            retype(*column);
        }
        const Type& type = column->becomes ? *column->becomes : column->type;
        touch(*column);
        add(fmt::format(
                "CHANGE COLUMN {} {} {}{}{}",
                column->name,
                new_name(),
                type.sql(),
                attributes(*column, type),
                place()
            ),
            "CHANGE");
    }

    void drop_column() {
        Column* column = some_column();
        if (column == nullptr) {
            return;
        }
        touch(*column);
        add("DROP COLUMN " + column->name, "drop column");
        if (random_.chance(15)) {
            add("ADD COLUMN " + column->name + " INT NULL DEFAULT 5", "drop and add of one name");
        }
    }

    static std::string renamed(const std::string& from, const std::string& to) {
        return fmt::format("RENAME COLUMN {} TO {}", from, to);
    }

    void rename() {
        Column* one = some_column(random_.chance(20));
        if (one == nullptr) {
            return;
        }
        touch(*one);
        Column* other = some_column();
        switch (random_.below(5)) {
            case 0:
                add(renamed(one->name, new_name()), "rename");
                return;
            case 1: {
                std::string upper = one->name;
                upper[0] = static_cast<char>(upper[0] - 'a' + 'A');
                add(renamed(one->name, upper), "rename of case only");
                return;
            }
            case 2:
                add(renamed(one->name, new_name()), "rename");
                add("ADD COLUMN " + one->name + " INT NULL", "rename and add of the old name");
                return;
            default:
                break;
        }
        if (other == nullptr) {
            return;
        }
        touch(*other);
        Column* third = random_.chance(50) ? some_column() : nullptr;
        if (third == nullptr) {
            add(renamed(one->name, other->name), "swap of names");
            add(renamed(other->name, one->name), "swap of names");
            return;
        }
        touch(*third);
        add(renamed(one->name, other->name), "cycle of names");
        add(renamed(other->name, third->name), "cycle of names");
        add(renamed(third->name, one->name), "cycle of names");
    }

    void reorder() {
        Column* column = some_column();
        if (column == nullptr) {
            return;
        }
        touch(*column);
        const char* null = column->nullable ? " NULL" : " NOT NULL";
        add(fmt::format("MODIFY COLUMN {} {}{} FIRST", column->name, column->type.sql(), null),
            "order of columns");
    }

    void alter_column() {
        Column* column = some_column();
        if (column == nullptr) {
            return;
        }
        touch(*column);
        static const std::vector<std::string> actions{
            "DROP DEFAULT", "SET INVISIBLE", "SET VISIBLE", "SET DEFAULT "};
        std::string action = random_.pick(actions);
        if (action.ends_with(' ')) {
            action += random_default(column->type, random_);
        }
        add(fmt::format("ALTER COLUMN {} {}", column->name, action), "default or visibility");
    }

    void add_index() {
        std::string feature;
        const Element index = random_index(program_, new_name(), random_, feature);
        for (const Column& column : program_.columns) {
            const bool named = index.sql.find(column.name) != std::string::npos;
            if (named && touched_.count(column.name) > 0) {
                return;
            }
            if (named && !column.key) {
                touch(column);
            }
        }
        add("ADD " + index.sql, "add index " + feature);
    }

    const Element* some_element(const std::string& prefix) {
        std::vector<const Element*> found;
        for (const Element& element : program_.elements) {
            if (element.name.starts_with(prefix) && touched_.count(element.name) == 0) {
                found.push_back(&element);
            }
        }
        if (found.empty()) {
            return nullptr;
        }
        const Element* element = random_.pick(found);
        touched_.insert(element->name);
        return element;
    }

    void change_index() {
        const Element* index = some_element("i");
        if (index == nullptr) {
            return;
        }
        switch (random_.below(3)) {
            case 0:
                add("DROP INDEX " + index->name, "drop index");
                break;
            case 1:
                add(fmt::format("RENAME INDEX {} TO {}", index->name, new_name()), "rename index");
                break;
            default:
                add(fmt::format("ALTER INDEX {} INVISIBLE", index->name), "visibility of index");
        }
    }

    void change_check() {
        const Element* check = some_element("ck");
        if (check != nullptr) {
            add(random_.chance(50) ? "DROP CHECK ck_u0" : "ALTER CHECK ck_u0 NOT ENFORCED",
                "drop or alter CHECK");
            return;
        }
        const Column* column = some_column();
        if (column == nullptr || !check_names_.insert("ck_u1").second) {
            return;
        }
        touch(*column);
        const bool strict = random_.chance(15);
        const std::string condition = strict
                                          ? fmt::format("{} IS NOT NULL", column->name)
                                          : fmt::format("{0} IS NULL OR {0} = {0}", column->name);
        add(fmt::format("ADD CONSTRAINT ck_u1 CHECK ({})", condition), "add CHECK");
    }

    void convert_charset() {
        for (const Column& column : program_.columns) {
            if (!column.type.elements.empty()) {
                return;
            }
        }
        static const std::vector<std::pair<std::string, std::string>> charsets{
            {"utf8mb4", ""}, {"utf8mb4", " COLLATE utf8mb4_bin"}, {"latin1", ""}, {"utf16", ""}};
        const auto& [charset, rest] = random_.pick(charsets);
        for (Column& column : program_.columns) {
            if (column.type.kind == Kind::text && !column.becomes) {
                column.becomes = column.type;
                column.becomes->charset = charset;
                column.becomes->collation.clear();
            }
        }
        add("CONVERT TO CHARACTER SET " + charset + rest, "charset of the table");
    }

    void table_option() {
        if (random_.chance(25)) {
            convert_charset();
            return;
        }
        static const std::vector<std::string> options{
            "ROW_FORMAT=COMPRESSED",
            "ROW_FORMAT=DYNAMIC",
            "ROW_FORMAT=REDUNDANT",
            "KEY_BLOCK_SIZE=4",
            "DEFAULT CHARSET=latin1",
            "AUTO_INCREMENT=5000",
            "AUTO_INCREMENT=3",
            "COMMENT='changed'",
            "STATS_PERSISTENT=1",
            "ENGINE=InnoDB",
            "ORDER BY k0",
            "FORCE"};
        const std::string& option = random_.pick(options);
        add(option, option.starts_with("ROW") ? "row format" : "table option");
    }

    std::string key_columns() const {
        std::string list;
        for (const Column& column : program_.columns) {
            list += column.key ? (list.empty() ? "" : ", ") + column.name : "";
        }
        return list;
    }

    void change_key() {
        const bool primary = std::any_of(
            program_.elements.begin(),
            program_.elements.end(),
            [](const Element& element) { return element.name == "PRIMARY"; }
        );
        if (touched_.count("k0") > 0 || !touched_.insert("PRIMARY").second) {
            return;
        }
        const std::string unique = fmt::format("ADD UNIQUE KEY uq ({})", key_columns());
        const Column* column = some_column();
        const bool part = column != nullptr && !column->nullable && !column->type.large();
        if (!primary) {
            add(fmt::format("ADD PRIMARY KEY ({})", key_columns()), "add PRIMARY KEY");
            return;
        }
        switch (random_.below(part ? 4 : 3)) {
            case 0:
                add("DROP PRIMARY KEY, " + unique, "drop PRIMARY KEY");
                return;
            case 1:
                add(unique, "add unique key");
                return;
            case 2:
                add(fmt::format(
                        "ADD COLUMN m INT NOT NULL DEFAULT 3, DROP PRIMARY KEY, ADD PRIMARY KEY "
                        "({}, m)",
                        key_columns()
                    ),
                    "new column in PRIMARY KEY");
                return;
            default:
                add(fmt::format(
                        "DROP PRIMARY KEY, ADD PRIMARY KEY ({}, {}), {}",
                        column->name,
                        key_columns(),
                        unique
                    ),
                    "other PRIMARY KEY");
        }
    }

    void widen_key() {
        for (Column& column : program_.columns) {
            if (!column.key || touched_.count(column.name) > 0 || needed(column)) {
                continue;
            }
            Type to = column.type;
            if (to.kind == Kind::integer) {
                to.name = "bigint";
                to.is_unsigned = to.is_unsigned && random_.chance(80);
            } else if (to.kind == Kind::text || to.name == "varbinary") {
                to.length += 30;
            } else if (to.kind == Kind::decimal) {
                to.length += 4;
            } else if (to.name == "datetime" || to.name == "time") {
                to.scale = 6;
            } else {
                continue;
            }
            touch(column);
            column.becomes = to;
            add(fmt::format(
                    "MODIFY COLUMN {} {} NOT NULL{}",
                    column.name,
                    to.sql(),
                    column.auto_increment ? " AUTO_INCREMENT" : ""
                ),
                "wider key");
            return;
        }
    }

    void partition() {
        static const std::vector<std::string> clauses{
            "PARTITION BY KEY (k0) PARTITIONS 3",
            "PARTITION BY HASH (k0) PARTITIONS 4",
            "PARTITION BY RANGE (k0) (PARTITION p0 VALUES LESS THAN (100), PARTITION p1 VALUES "
            "LESS THAN MAXVALUE)",
            "PARTITION BY RANGE (k0) (PARTITION p0 VALUES LESS THAN (190))"};
        add(program_.partitioning.empty() || random_.chance(50) ? random_.pick(clauses)
                                                                : "REMOVE PARTITIONING",
            "partitioning");
    }

    Program& program_;
    Random& random_;
    std::set<std::string> touched_;
    std::set<std::string> check_names_;
    unsigned next_name_ = 0;
};

}  // namespace

void add_change(Program& program, Random& random) {
    ChangeMaker(program, random).make();
}

}  // namespace doppel::differential
