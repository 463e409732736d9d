# Fails where the dynamic linker would load LibTorch for BINARY. That it finds gRPC shows that the list is one.
execute_process(COMMAND ldd ${BINARY} OUTPUT_VARIABLE libraries COMMAND_ERROR_IS_FATAL ANY)
if(NOT libraries MATCHES "libgrpc")
  message(FATAL_ERROR "no gRPC among the libraries of ${BINARY}: is this the list?\n${libraries}")
endif()
if(libraries MATCHES "(libtorch|libc10)[^ ]*")
  message(FATAL_ERROR "${BINARY} needs ${CMAKE_MATCH_0}; the actor must not link LibTorch")
endif()
