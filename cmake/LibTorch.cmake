# nmn_torch carries LibTorch to the few targets that may see it: Debian's 1.13, or that of PyPI's wheel `torch`, or of PyTorch's archive,
# given by -DCMAKE_PREFIX_PATH=.../torch (or .../torch/share/cmake, which is torch.utils.cmake_prefix_path).
#
# Of a wheel only headers and libraries are taken. Its own TorchConfig.cmake wants a CUDA toolkit with nvcc, though nothing here is compiled
# for CUDA, and finds Debian's libraries before those of the wheel.
#
# In one folder with its own headers a wheel has those of protobuf, fmt and others, in versions that are not Debian's. So the folder that is
# searched is one of links to LibTorch's own.

set(torch_root "")
foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
  foreach(cmake_folder ${prefix} ${prefix}/share/cmake)
    if(NOT torch_root AND EXISTS ${cmake_folder}/Torch/TorchConfig.cmake AND EXISTS ${cmake_folder}/../../lib/libtorch_cpu.so)
      get_filename_component(torch_root ${cmake_folder}/../.. REALPATH)
      list(REMOVE_ITEM CMAKE_PREFIX_PATH ${prefix})  # or its protobuf would be found
    endif()
  endforeach()
endforeach()

add_library(nmn_torch INTERFACE)
add_library(nmn::torch ALIAS nmn_torch)
if(torch_root)
  include(${torch_root}/share/cmake/Torch/TorchConfigVersion.cmake)
  set(torch_version ${PACKAGE_VERSION})
  file(STRINGS ${torch_root}/share/cmake/Torch/TorchConfig.cmake old_abi REGEX "_GLIBCXX_USE_CXX11_ABI=0")
  if(old_abi)
    message(FATAL_ERROR "LibTorch ${torch_version} in ${torch_root} is built for the old ABI of libstdc++, which gRPC and protobuf of this "
                        "system are not; take a wheel of 2.6 or later")
  endif()
  set(torch_headers ${CMAKE_BINARY_DIR}/libtorch)
  file(MAKE_DIRECTORY ${torch_headers})
  foreach(folder ATen c10 caffe2 torch)
    file(CREATE_LINK ${torch_root}/include/${folder} ${torch_headers}/${folder} SYMBOLIC)
  endforeach()
  target_include_directories(nmn_torch SYSTEM INTERFACE ${torch_headers} ${torch_headers}/torch/csrc/api/include)
  set(torch_libraries ${torch_root}/lib/libtorch.so ${torch_root}/lib/libtorch_cpu.so ${torch_root}/lib/libc10.so)
  if(EXISTS ${torch_root}/lib/libtorch_cuda.so)
    list(APPEND torch_libraries ${torch_root}/lib/libtorch_cuda.so ${torch_root}/lib/libc10_cuda.so)
  endif()
  target_link_libraries(nmn_torch INTERFACE ${torch_libraries})
  target_link_options(nmn_torch INTERFACE -Wl,--no-as-needed)  # no symbol of libtorch_cuda is named: it registers its kernels when it is loaded
  add_compile_options(-D_GLIBCXX_USE_CXX11_ABI=1)  # as below, so that ccache has everything that does not see LibTorch
  set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)  # no folder of the system's has these libraries
  message(STATUS "LibTorch ${torch_version} of ${torch_root}")
else()
  find_package(Torch REQUIRED)
  target_link_libraries(nmn_torch INTERFACE ${TORCH_LIBRARIES})
  target_include_directories(nmn_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  separate_arguments(nmn_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
  add_compile_options(${nmn_torch_flags})  # the ABI, which is one for the whole program; with other flags nothing precompiled is reused
endif()

# LibTorch 1.13 has vectors of types that are not complete yet. In C++20 the vector of libstdc++ 12 is constexpr, and clang 14 compiles
# constexpr members as soon as they are named, where g++ waits until they are called. The vector of libstdc++ 11 is not constexpr.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND EXISTS /usr/include/c++/11)
  set(libstdcxx_11 "-isystem /usr/include/c++/11 -isystem /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}/c++/11")
  target_compile_options(nmn_torch INTERFACE -nostdinc++ "SHELL:${libstdcxx_11}")
endif()
