find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)

if(NOT DOPPEL_BUILD_FUZZERS)
    find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
    find_package(spdlog REQUIRED)
    find_package(nlohmann_json REQUIRED)

    # Debian's Connector/C++ 1.1 ships neither a CMake package nor a pkg-config file. Connector/C++ 9
    # keeps the JDBC API in <mysql/jdbc.h> and libmysqlcppconn.
    find_library(MYSQLCPPCONN_LIBRARY NAMES mysqlcppconn REQUIRED)
    find_path(MYSQLCPPCONN_INCLUDE_DIR NAMES mysql/jdbc.h mysql_driver.h REQUIRED)
    add_library(doppel_connector_cpp INTERFACE)
    target_link_libraries(doppel_connector_cpp INTERFACE ${MYSQLCPPCONN_LIBRARY})
    target_include_directories(doppel_connector_cpp SYSTEM INTERFACE ${MYSQLCPPCONN_INCLUDE_DIR})

    # Asio: header only, no deprecated interfaces, so that Boost up to 1.92 builds as well.
    add_library(doppel_asio INTERFACE)
    target_link_libraries(doppel_asio INTERFACE Boost::headers Threads::Threads)
    target_compile_definitions(doppel_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)
    # g++ 12 takes the allocator of coroutine frames for a mismatch once it inlines.
    target_compile_options(doppel_asio INTERFACE -Wno-mismatched-new-delete)
endif()
