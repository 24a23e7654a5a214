// SPDX-License-Identifier: Apache-2.0
#include "sql/failure_kind.hpp"

#include <fmt/format.h>

namespace doppel::sql {

FailureKind classify_write_failure(const Error& error) {
    if (error.code() == Errc::interrupted) {
        return FailureKind::connection_lost;
    }
    switch (error.server_errno()) {
        case 1205:  // ER_LOCK_WAIT_TIMEOUT
        case 1213:  // ER_LOCK_DEADLOCK
        case 3572:  // ER_LOCK_NOWAIT
            return FailureKind::conflict;
        case 1022:  // ER_DUP_KEY
        case 1062:  // ER_DUP_ENTRY
        case 1586:  // ER_DUP_ENTRY_WITH_KEY_NAME
            return FailureKind::duplicate;
        case 1048:  // ER_BAD_NULL_ERROR
        case 1263:  // ER_WARN_NULL_TO_NOTNULL
        case 1138:  // ER_INVALID_USE_OF_NULL
        case 1264:  // ER_WARN_DATA_OUT_OF_RANGE
        case 1265:  // WARN_DATA_TRUNCATED
        case 1292:  // ER_TRUNCATED_WRONG_VALUE
        case 1364:  // ER_NO_DEFAULT_FOR_FIELD
        case 1366:  // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
        case 1367:  // ER_ILLEGAL_VALUE_FOR_TYPE
        case 1406:  // ER_DATA_TOO_LONG
        case 1416:  // ER_CANT_CREATE_GEOMETRY_OBJECT
        case 1441:  // ER_DATETIME_FUNCTION_OVERFLOW
        case 1526:  // ER_NO_PARTITION_FOR_GIVEN_VALUE
        case 1690:  // ER_DATA_OUT_OF_RANGE
        case 3140:  // ER_INVALID_JSON_TEXT
        case 3141:  // ER_INVALID_JSON_TEXT_IN_PARAM
        case 3157:  // ER_JSON_DOCUMENT_TOO_DEEP
        case 3643:  // ER_WRONG_SRID_FOR_COLUMN
        case 3751:  // ER_WARN_DATA_TRUNCATED_FUNCTIONAL_INDEX
        case 3752:  // ER_WARN_DATA_OUT_OF_RANGE_FUNCTIONAL_INDEX
        case 3819:  // ER_CHECK_CONSTRAINT_VIOLATED
        case 3854:  // ER_INVALID_JSON_VALUE_FOR_CAST
        case 3903:  // ER_INVALID_JSON_VALUE_FOR_FUNC_INDEX
        case 4025:  // MariaDB ER_CONSTRAINT_FAILED
        case 6135:  // ER_TO_VECTOR_CONVERSION
        case 6136:  // the same from a type that is no vector at all
            return FailureKind::misfit;
        default:
            return FailureKind::other;
    }
}

Error data_misfit(std::string_view row, const mysql::TableName& table, const Error& error) {
    return {
        Errc::data_misfit,
        fmt::format("{} of {} does not fit the new schema: {}", row, table.str(), error.what()),
        error.server().value_or(ServerError{})};
}

}  // namespace doppel::sql
