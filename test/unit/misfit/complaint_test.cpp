// SPDX-License-Identifier: Apache-2.0
#include "misfit/complaint.hpp"

#include "sql/errors.hpp"

#include <ostream>

#include <gtest/gtest.h>

namespace doppel::misfit {

void PrintTo(const Complaint& complaint, std::ostream* stream) {
    *stream << static_cast<int>(complaint.subject) << " '" << complaint.name << "'";
}

namespace {

using Subject = Complaint::Subject;

Complaint read(unsigned number, const std::string& text) {
    const ServerError server{number, "HY000"};
    return read_complaint(
        Error(Errc::failed, sql::describe_error(text, server), server), "_a.t_new"
    );
}

Complaint column(const std::string& name) {
    return {Subject::column, name};
}

// The words of MySQL 9.7.

TEST(Complaint, OfAUniqueIndex) {
    EXPECT_EQ(
        read(1062, "Duplicate entry '1' for key '_a.t_new.u.1'"),
        (Complaint{Subject::unique_index, "u.1"})
    );
    EXPECT_EQ(
        read(1062, "Duplicate entry 'x' for key 'y'' for key '_a.t_new.PRIMARY'"),
        (Complaint{Subject::unique_index, "PRIMARY"})
    );
}

TEST(Complaint, OfAColumn) {
    EXPECT_EQ(read(1406, "Data too long for column 's' at row 1"), column("s"));
    EXPECT_EQ(read(1264, "Out of range value for column 'it's' at row 12"), column("it's"));
    EXPECT_EQ(read(1265, "Data truncated for column 'e' at row 3"), column("e"));
    EXPECT_EQ(read(1048, "Column 'n' cannot be null"), column("n"));
    EXPECT_EQ(read(1364, "Field 'n' doesn't have a default value"), column("n"));
    EXPECT_EQ(
        read(1366, "Incorrect integer value: 'for column 'x'' for column 's' at row 1"), column("s")
    );
    EXPECT_EQ(read(1366, "Incorrect DECIMAL value: '0' for column '' at row -1"), Complaint());
    EXPECT_EQ(
        read(
            3140,
            "Invalid JSON text: \"Missing a name for object member.\" at position 1 in value for "
            "column '_a.t_new.j'."
        ),
        column("j")
    );
}

TEST(Complaint, OfOtherThings) {
    EXPECT_EQ(
        read(3819, "Check constraint '_t_new_chk_1' is violated."),
        (Complaint{Subject::check, "_t_new_chk_1"})
    );
    EXPECT_EQ(
        read(3751, "Data truncated for functional index 'fu' at row 1"),
        (Complaint{Subject::index, "fu"})
    );
    EXPECT_EQ(
        read(3903, "Invalid JSON value for CAST for expression index 'fu'"),
        (Complaint{Subject::index, "fu"})
    );
    EXPECT_EQ(
        read(1526, "Table has no partition for value 20"), (Complaint{Subject::partition, ""})
    );
    EXPECT_EQ(read(1365, "Division by 0"), Complaint());
    EXPECT_EQ(read(1062, "something else"), Complaint());
}

}  // namespace
}  // namespace doppel::misfit
