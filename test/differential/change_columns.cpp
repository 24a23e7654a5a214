// SPDX-License-Identifier: Apache-2.0
//
// The clauses of a random ALTER that are about columns.
#include "differential/change_maker.hpp"

#include <fmt/format.h>

namespace doppel::differential {

std::string ChangeMaker::place() {
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

std::string ChangeMaker::nullability(Column& column) {
    const bool stamp =
        column.type.name == "timestamp" || (column.becomes && column.becomes->name == "timestamp");
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

std::string ChangeMaker::attributes(Column& column, const Type& type) {
    std::string text = nullability(column);
    if (column.auto_increment) {
        return text + (random_.chance(85) ? " AUTO_INCREMENT" : "");
    }
    if (random_.chance(30)) {
        text += " DEFAULT " + random_default(type, random_);
    }
    return text + (random_.chance(5) ? " INVISIBLE" : "");
}

void ChangeMaker::add_column() {
    Column column;
    column.name = new_name();
    column.type = random_type(random_);
    column.nullable = random_.chance(60);
    std::string text = column.nullable ? "" : " NOT NULL";
    if (column.nullable && column.type.name == "timestamp") {
        text = " NULL";
    }
    // Without one the server gives a vector a value that no INSERT can write; Doppel refuses.
    const bool refused = !column.nullable && column.type.kind == Kind::vector;
    const bool of_place = !column.nullable && column.type.kind == Kind::geometry;
    if (!of_place && random_.chance(refused ? 90 : 40)) {
        text += " DEFAULT " + random_default(column.type, random_);
    }
    column.attributes = text;
    add("ADD COLUMN " + column.sql() + place(), "add column");
}

void ChangeMaker::add_generated() {
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

void ChangeMaker::retype(Column& column) {
    column.becomes = changed_type(column.type, random_);
    if (column.type.is_number() && column.becomes->kind == Kind::text) {
        program_.features.insert("change type of number to text");
    }
    program_.features.insert(
        column.becomes->charset != column.type.charset && column.becomes->kind == Kind::text &&
                column.type.kind == Kind::text
            ? "change charset of a column"
            : "change type of " + column.type.name
    );
}

void ChangeMaker::modify() {
    Column* column = some_column(random_.chance(8));
    if (column == nullptr) {
        return;
    }
    if (random_.chance(85)) {
        retype(*column);
    }
    const Type& type = column->becomes ? *column->becomes : column->type;
    touch(*column);
    add("MODIFY COLUMN " + column->name + " " + type.sql() + attributes(*column, type) + place(),
        "MODIFY");
}

void ChangeMaker::change() {
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

void ChangeMaker::drop_column() {
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

std::string ChangeMaker::renamed(const std::string& from, const std::string& to) {
    return fmt::format("RENAME COLUMN {} TO {}", from, to);
}

void ChangeMaker::rename() {
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
            char& letter = upper[upper.front() == '`' ? 1 : 0];
            letter = static_cast<char>(letter ^ ('a' ^ 'A'));
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

void ChangeMaker::reorder() {
    Column* column = some_column();
    if (column == nullptr) {
        return;
    }
    touch(*column);
    const char* null = column->nullable ? " NULL" : " NOT NULL";
    add(fmt::format("MODIFY COLUMN {} {}{} FIRST", column->name, column->type.sql(), null),
        "order of columns");
}

void ChangeMaker::alter_column() {
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

}  // namespace doppel::differential
