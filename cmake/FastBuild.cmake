# What makes a build from nothing shorter, by a half together: the commonest headers compiled once, and
# files of a module, or of its unit test, compiled together. It makes the build after a change longer and hides
# missing includes, so only the presets of tools/test have it.
option(DOPPEL_FAST_BUILD "Precompiled headers; unity builds" OFF)

# doppel_precompiled_headers(NAME LIBRARIES lib ... HEADERS <header> ...): what doppel_precompile names.
# Compiled with the options of the directory it is called in.
function(doppel_precompiled_headers name)
    cmake_parse_arguments(ARG "" "" "HEADERS;LIBRARIES" ${ARGN})
    if(NOT DOPPEL_FAST_BUILD)
        return()
    endif()
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp CONTENT "")
    add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
    target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} doppel_warnings)
    target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
endfunction()

function(doppel_precompile target headers)
    if(DOPPEL_FAST_BUILD)
        target_precompile_headers(${target} REUSE_FROM ${headers})
    endif()
endfunction()

# No two of its files may have the same name in their anonymous namespaces.
function(doppel_compile_together target)
    if(DOPPEL_FAST_BUILD)
        set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
        # g++ takes the types inside a coroutine for those of a header when its file is included.
        target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
    endif()
endfunction()
