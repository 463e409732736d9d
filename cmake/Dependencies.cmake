# Every third-party library, found once. Each folder links what it names.

find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)  # and with it re2::re2
find_package(hwy REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(ZLIB REQUIRED)

if(NMN_BUILD_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(NMN_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()

# LibTorch: Debian's 1.13, or an upstream 2.x given by -DCMAKE_PREFIX_PATH. nmn_torch carries it to the few targets that may see it.
if(NMN_WITH_TORCH)
  find_package(Torch REQUIRED)
  add_library(nmn_torch INTERFACE)
  add_library(nmn::torch ALIAS nmn_torch)
  target_link_libraries(nmn_torch INTERFACE ${TORCH_LIBRARIES})
  target_include_directories(nmn_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  separate_arguments(nmn_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
  add_compile_options(${nmn_torch_flags})  # the ABI, which is one for the whole program; with other flags nothing precompiled is reused
  # LibTorch 1.13 has vectors of types that are not complete yet. In C++20 the vector of libstdc++ 12 is constexpr, and clang 14 compiles
  # constexpr members as soon as they are named, where g++ waits until they are called. The vector of libstdc++ 11 is not constexpr.
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND EXISTS /usr/include/c++/11)
    set(libstdcxx_11 "-isystem /usr/include/c++/11 -isystem /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}/c++/11")
    target_compile_options(nmn_torch INTERFACE -nostdinc++ "SHELL:${libstdcxx_11}")
  endif()
endif()
