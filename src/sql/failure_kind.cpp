// SPDX-License-Identifier: Apache-2.0
#include "sql/failure_kind.hpp"

#include <algorithm>
#include <array>

namespace doppel::sql {
namespace {

constexpr std::array kServerState{
    3U,     // EE_WRITE, of a full disk
    28U,    // ENOSPC as handler error
    1021U,  // ER_DISK_FULL
    1026U,  // ER_ERROR_ON_WRITE
    1030U,  // ER_GET_ERRNO: the storage engine's
    1037U,  // ER_OUTOFMEMORY
    1038U,  // ER_OUT_OF_SORTMEMORY
    1041U,  // ER_OUT_OF_RESOURCES
    1044U,  // ER_DBACCESS_DENIED_ERROR
    1045U,  // ER_ACCESS_DENIED_ERROR
    1114U,  // ER_RECORD_FILE_FULL
    1129U,  // ER_HOST_IS_BLOCKED
    1130U,  // ER_HOST_NOT_PRIVILEGED
    1142U,  // ER_TABLEACCESS_DENIED_ERROR
    1143U,  // ER_COLUMNACCESS_DENIED_ERROR
    1180U,  // ER_ERROR_DURING_COMMIT
    1197U,  // ER_TRANS_CACHE_FULL
    1206U,  // ER_LOCK_TABLE_FULL
    1226U,  // ER_USER_LIMIT_REACHED
    1227U,  // ER_SPECIFIC_ACCESS_DENIED_ERROR
    1290U,  // ER_OPTION_PREVENTS_STATEMENT: read_only, super_read_only
    1598U,  // ER_BINLOG_LOGGING_IMPOSSIBLE
    1820U,  // ER_MUST_CHANGE_PASSWORD
    1836U,  // ER_READ_ONLY_MODE
    1862U,  // ER_MUST_CHANGE_PASSWORD_LOGIN
    1878U,  // ER_TEMP_FILE_WRITE_FAILURE
    3100U,  // ER_RUN_HOOK_ERROR: group replication could not commit
    3101U,  // ER_TRANSACTION_ROLLBACK_DURING_COMMIT
    3118U,  // ER_ACCOUNT_HAS_BEEN_LOCKED
};

}  // namespace

bool may_pass(const Error& error) {
    const auto number = error.server_errno();
    return error.code() == Errc::interrupted || error.code() == Errc::displaced ||
           classify_write_failure(error) == FailureKind::conflict ||
           std::find(kServerState.begin(), kServerState.end(), number) != kServerState.end();
}

FailureKind classify_write_failure(const Error& error) {
    if (error.code() == Errc::interrupted) {
        return FailureKind::connection_lost;
    }
    switch (error.server_errno()) {
        case 1205:  // ER_LOCK_WAIT_TIMEOUT
        case 1213:  // ER_LOCK_DEADLOCK
        case 1317:  // ER_QUERY_INTERRUPTED: somebody's KILL QUERY, which rolled the statement back
        case 3024:  // ER_QUERY_TIMEOUT, of an operator's max_execution_time
        case 3572:  // ER_LOCK_NOWAIT
            return FailureKind::conflict;
        case 1022:  // ER_DUP_KEY
        case 1062:  // ER_DUP_ENTRY
        case 1586:  // ER_DUP_ENTRY_WITH_KEY_NAME
            return FailureKind::duplicate;
        case 1048:  // ER_BAD_NULL_ERROR
        case 1118:  // ER_TOO_BIG_ROWSIZE
        case 1138:  // ER_INVALID_USE_OF_NULL
        case 1263:  // ER_WARN_NULL_TO_NOTNULL
        case 1264:  // ER_WARN_DATA_OUT_OF_RANGE
        case 1265:  // WARN_DATA_TRUNCATED
        case 1292:  // ER_TRUNCATED_WRONG_VALUE
        case 1300:  // ER_INVALID_CHARACTER_STRING
        case 1364:  // ER_NO_DEFAULT_FOR_FIELD
        case 1365:  // ER_DIVISION_BY_ZERO
        case 1366:  // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
        case 1367:  // ER_ILLEGAL_VALUE_FOR_TYPE
        case 1406:  // ER_DATA_TOO_LONG
        case 1411:  // ER_WRONG_VALUE_FOR_TYPE
        case 1416:  // ER_CANT_CREATE_GEOMETRY_OBJECT
        case 1441:  // ER_DATETIME_FUNCTION_OVERFLOW
        case 1526:  // ER_NO_PARTITION_FOR_GIVEN_VALUE
        case 1690:  // ER_DATA_OUT_OF_RANGE
        case 3020:  // ER_INVALID_ARGUMENT_FOR_LOGARITHM
        case 3037:  // ER_GIS_INVALID_DATA
        case 3140:  // ER_INVALID_JSON_TEXT
        case 3141:  // ER_INVALID_JSON_TEXT_IN_PARAM
        case 3144:  // ER_INVALID_JSON_CHARSET
        case 3145:  // ER_INVALID_JSON_CHARSET_IN_FUNCTION
        case 3146:  // ER_INVALID_TYPE_FOR_JSON
        case 3147:  // ER_INVALID_CAST_TO_JSON
        case 3150:  // ER_JSON_VALUE_TOO_BIG
        case 3151:  // ER_JSON_KEY_TOO_BIG
        case 3155:  // ER_NUMERIC_JSON_VALUE_OUT_OF_RANGE
        case 3156:  // ER_INVALID_JSON_VALUE_FOR_CAST
        case 3157:  // ER_JSON_DOCUMENT_TOO_DEEP
        case 3616:  // ER_LONGITUDE_OUT_OF_RANGE
        case 3617:  // ER_LATITUDE_OUT_OF_RANGE
        case 3643:  // ER_WRONG_SRID_FOR_COLUMN
        case 3673:  // ER_BAD_NULL_ERROR_NOT_IGNORED
        case 3731:  // ER_GEOMETRY_PARAM_LONGITUDE_OUT_OF_RANGE
        case 3732:  // ER_GEOMETRY_PARAM_LATITUDE_OUT_OF_RANGE
        case 3751:  // ER_WARN_DATA_TRUNCATED_FUNCTIONAL_INDEX
        case 3752:  // ER_WARN_DATA_OUT_OF_RANGE_FUNCTIONAL_INDEX
        case 3819:  // ER_CHECK_CONSTRAINT_VIOLATED
        case 3854:  // ER_CANNOT_CONVERT_STRING
        case 3903:  // ER_INVALID_JSON_VALUE_FOR_FUNC_INDEX
        case 3904:  // ER_JSON_VALUE_OUT_OF_RANGE_FOR_FUNC_INDEX
        case 3905:  // ER_EXCEEDED_MV_KEYS_NUM
        case 3906:  // ER_EXCEEDED_MV_KEYS_SPACE
        case 3907:  // ER_FUNCTIONAL_INDEX_DATA_IS_TOO_LONG
        case 3908:  // ER_WRONG_MVI_VALUE
        case 3966:  // ER_MISSING_JSON_VALUE
        case 3967:  // ER_MULTIPLE_JSON_VALUES
        case 4025:  // MariaDB ER_CONSTRAINT_FAILED
        case 6135:  // MySQL 9.0's ER_TO_VECTOR_CONVERSION
        case 6136:  // ER_DATA_INCOMPATIBLE_WITH_VECTOR
        case 6137:  // ER_EXCEEDS_VECTOR_MAX_DIMENSIONS
        case 6138:  // ER_TO_VECTOR_CONVERSION
            return FailureKind::misfit;
        default:
            return FailureKind::other;
    }
}

bool is_refusal(const Error& error) {
    const FailureKind kind = classify_write_failure(error);
    return kind == FailureKind::duplicate || kind == FailureKind::misfit;
}

}  // namespace doppel::sql
