# Every third-party library, found once. Each folder links what it names.

if(NMN_WITH_TORCH)
  include(LibTorch)  # the first: it says which others must not be found
endif()
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
