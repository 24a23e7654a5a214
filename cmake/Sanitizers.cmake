# One setting for the whole tree: mixing instrumented and plain objects gives false reports.
if(DOPPEL_SANITIZERS)
    add_compile_options(-fsanitize=${DOPPEL_SANITIZERS} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${DOPPEL_SANITIZERS})
endif()
if(DOPPEL_SANITIZERS MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Boost.Asio uses fences, which TSan does not model; it only warns that it cannot.
    add_compile_options(-Wno-tsan)
endif()
if(DOPPEL_BUILD_FUZZERS)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
