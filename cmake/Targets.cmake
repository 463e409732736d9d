# One call a target, so that every folder's CMakeLists.txt is a list of sources and dependencies.

# nmn_library(common_rng SOURCES a.cc DEPS absl::status [PRECOMPILED service]): static library nmn_common_rng, alias nmn::common_rng.
# Without SOURCES it is header-only. PRECOMPILED: the group of headers that it reuses (Precompiled.cmake).
function(nmn_library name)
  cmake_parse_arguments(ARG "" "PRECOMPILED" "SOURCES;DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(nmn_${name} STATIC ${ARG_SOURCES})
    target_include_directories(nmn_${name} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(nmn_${name} PUBLIC ${ARG_DEPS})
    if(NOT ARG_PRECOMPILED)
      set(ARG_PRECOMPILED library)
    endif()
    nmn_use_precompiled(nmn_${name} ${ARG_PRECOMPILED})
  else()
    add_library(nmn_${name} INTERFACE)
    target_include_directories(nmn_${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(nmn_${name} INTERFACE ${ARG_DEPS})
  endif()
  add_library(nmn::${name} ALIAS nmn_${name})
endfunction()

# nmn_binary(nmn-actor SOURCES main.cc DEPS ...): an executable in build/<preset>/bin.
function(nmn_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
endfunction()

# What a test calls is optimised as ever. Its own code is compiled once and runs once: a quarter of the time is saved.
function(nmn_test_options target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  if(NMN_SANITIZE MATCHES undefined)
    target_compile_options(${target} PRIVATE -fno-sanitize=undefined)  # in a test's own code it costs half of the time, and finds little
  endif()
endfunction()

# nmn_test(unit_common_rng SOURCES philox_test.cc DEPS nmn::common_rng [LABELS unit] [TIMEOUT 120] [SERIAL]
# [PRECOMPILED grpc_test]): a GoogleTest binary that is one ctest. SERIAL: it must not share the machine with other tests.
function(nmn_test name)
  cmake_parse_arguments(ARG "SERIAL" "TIMEOUT;PRECOMPILED" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NMN_SANITIZE)
    math(EXPR ARG_TIMEOUT "4 * ${ARG_TIMEOUT}")  # instrumented code is many times slower; a hang is still found
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  nmn_test_options(${name})
  if(NOT ARG_PRECOMPILED)
    set(ARG_PRECOMPILED test)
  endif()
  nmn_use_precompiled(${name} ${ARG_PRECOMPILED})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  if(ARG_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()
