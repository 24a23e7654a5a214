# doppel_module(NAME [APART] SOURCES a.cpp ... DEPENDS module ... [LIBRARIES lib ...])
#
# One static library per folder of src/. DEPENDS is the whole list of modules that NAME may include:
# the include path of a module is `src/`, so the list itself is checked by test/architecture. APART: its files are
# never compiled together, as they use the same names in their anonymous namespaces.
function(doppel_module name)
    cmake_parse_arguments(ARG "APART" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
    add_library(doppel_${name} STATIC ${ARG_SOURCES})
    add_library(doppel::${name} ALIAS doppel_${name})
    target_include_directories(doppel_${name} PUBLIC ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../src ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../include)
    list(TRANSFORM ARG_DEPENDS PREPEND doppel::)
    target_link_libraries(doppel_${name} PUBLIC ${ARG_DEPENDS} ${ARG_LIBRARIES} PRIVATE doppel_warnings)
    set_property(TARGET doppel_${name} PROPERTY DOPPEL_MODULE ${name})
    doppel_precompile(doppel_${name} ${DOPPEL_HEADERS})
    if(NOT ARG_APART)
        doppel_compile_together(doppel_${name})
    endif()
endfunction()

# doppel_unit_test(NAME SOURCES a_test.cpp ... DEPENDS module ...): no server, milliseconds.
function(doppel_unit_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
    list(TRANSFORM ARG_DEPENDS PREPEND doppel::)
    add_executable(${name}_test ${ARG_SOURCES})
    target_link_libraries(${name}_test PRIVATE
        ${ARG_DEPENDS} ${ARG_LIBRARIES} doppel_warnings GTest::gtest_main GTest::gmock)
    target_include_directories(${name}_test PRIVATE ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../test)
    target_compile_definitions(${name}_test PRIVATE DOPPEL_TEST_DATA="${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../test/data")
    doppel_precompile(${name}_test doppel_test_headers)
    doppel_compile_together(${name}_test)
    add_test(NAME unit.${name} COMMAND ${name}_test --gtest_brief=1)
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 600)
endfunction()

# doppel_fuzz(NAME SOURCE file.cpp DEPENDS module ...): a libFuzzer target, run briefly by tools/test.
function(doppel_fuzz name)
    cmake_parse_arguments(ARG "" "SOURCE" "DEPENDS" ${ARGN})
    list(TRANSFORM ARG_DEPENDS PREPEND doppel::)
    add_executable(fuzz_${name} ${ARG_SOURCE})
    target_link_libraries(fuzz_${name} PRIVATE ${ARG_DEPENDS} doppel_warnings)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
endfunction()
