# Warnings are errors. A flag that is not part of -Wall -Wextra has its reason beside it.
add_library(doppel_warnings INTERFACE)
target_compile_options(doppel_warnings INTERFACE
    -Wall
    -Wextra
    -Werror
    -Wshadow              # a shadowed `position` or `key` is a lost row waiting to happen
    -Wconversion          # lengths and offsets come from the network: no silent narrowing
    -Wsign-conversion
    -Wnon-virtual-dtor
    -Woverloaded-virtual
    -Wold-style-cast
    -Wcast-align
    -Wimplicit-fallthrough
    -Wformat=2
)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(doppel_warnings INTERFACE -Wduplicated-cond -Wlogical-op -Wuseless-cast)
    # g++ 12 reports false positives of these in inlined std::string and coroutine frames at -O2.
    target_compile_options(doppel_warnings INTERFACE
        -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
endif()
