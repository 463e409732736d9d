# Headers that are parsed once instead of in every file: three quarters of a compilation are headers of libraries. Each group is a target of
# its own, which others reuse; g++ takes one only where position independence and optimisation are the same.
#
# No file may rely on them. Preset dev, which `make lint` reads every file with, has none.

option(NMN_PRECOMPILE "Parse the headers of libraries once" ON)
set(NMN_PRECOMPILED_GROUPS "")

set(nmn_absl_headers <absl/status/status.h> <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/string_view.h> <absl/time/time.h>)
set(nmn_std_headers <algorithm> <cstdint> <filesystem> <functional> <map> <memory> <optional> <span> <string> <string_view> <utility> <vector>)

# nmn_precompiled(torch HEADERS <ATen/ATen.h> DEPS nmn::torch [TEST]): group torch. TEST: for files that are compiled as tests are.
function(nmn_precompiled name)
  cmake_parse_arguments(ARG "TEST" "" "HEADERS;DEPS" ${ARGN})
  if(NOT NMN_PRECOMPILE)
    return()
  endif()
  set(source ${CMAKE_BINARY_DIR}/precompiled/${name}.cc)
  file(GENERATE OUTPUT ${source} CONTENT "int main() { return 0; }  // carries the precompiled headers\n")
  if(ARG_TEST)
    add_executable(nmn_precompiled_${name} EXCLUDE_FROM_ALL ${source})
    set_target_properties(nmn_precompiled_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/precompiled)
    nmn_test_options(nmn_precompiled_${name})
  else()
    add_library(nmn_precompiled_${name} OBJECT EXCLUDE_FROM_ALL ${source})
  endif()
  target_link_libraries(nmn_precompiled_${name} PRIVATE ${ARG_DEPS})
  target_precompile_headers(nmn_precompiled_${name} PRIVATE ${nmn_std_headers} ${ARG_HEADERS})
  set(NMN_PRECOMPILED_GROUPS ${NMN_PRECOMPILED_GROUPS} ${name} PARENT_SCOPE)
endfunction()

# What `target` parses is what group `name` parsed already, where that exists.
function(nmn_use_precompiled target name)
  if(name IN_LIST NMN_PRECOMPILED_GROUPS)
    target_precompile_headers(${target} REUSE_FROM nmn_precompiled_${name})
  endif()
endfunction()

nmn_precompiled(library HEADERS ${nmn_absl_headers} <google/protobuf/message.h> DEPS protobuf::libprotobuf absl::status absl::statusor absl::strings absl::time)
nmn_precompiled(service HEADERS ${nmn_absl_headers} <nmn/v1/learner.grpc.pb.h> <spdlog/spdlog.h>
  DEPS nmn::proto_grpc spdlog::spdlog absl::status absl::statusor absl::strings absl::time)
if(NMN_WITH_TORCH)
  nmn_precompiled(torch HEADERS ${nmn_absl_headers} <google/protobuf/message.h> <ATen/ATen.h>
    DEPS protobuf::libprotobuf absl::status absl::statusor absl::strings absl::time nmn::torch)
endif()
if(NMN_BUILD_TESTS)
  set(nmn_test_headers ${nmn_absl_headers} <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp> <nmn/v1/learner.pb.h>)
  set(nmn_test_dependencies nmn::proto absl::status absl::statusor absl::strings absl::time nlohmann_json::nlohmann_json GTest::gmock GTest::gtest)
  nmn_precompiled(test HEADERS ${nmn_test_headers} DEPS ${nmn_test_dependencies} TEST)
  nmn_precompiled(grpc_test HEADERS ${nmn_test_headers} <nmn/v1/learner.grpc.pb.h> DEPS ${nmn_test_dependencies} nmn::proto_grpc TEST)
  if(NMN_WITH_TORCH)
    nmn_precompiled(torch_test HEADERS ${nmn_test_headers} <ATen/ATen.h> DEPS ${nmn_test_dependencies} nmn::torch TEST)
  endif()
endif()
