# cmake --install build/release [--prefix DIR] [--component programs | header]

foreach(program nmn nmn-actor nmn-learner)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME COMPONENT programs)
  endif()
endforeach()

# What `nmn reproduce figure3` plays where there is no source tree.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs/results/policies DESTINATION ${CMAKE_INSTALL_DATADIR}/nmn COMPONENT programs
  FILES_MATCHING PATTERN "*.safetensors")

# All that a task of the user's own in C needs: the header, and find_package(nmn) with nmn::task.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_DATADIR}/cmake/nmn)
install(FILES ${CMAKE_SOURCE_DIR}/include/nmn/task.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nmn COMPONENT header)
install(TARGETS nmn_task EXPORT nmn)
install(EXPORT nmn FILE nmn-targets.cmake NAMESPACE nmn:: DESTINATION ${package_folder} COMPONENT header)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/nmn-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${CMAKE_SOURCE_DIR}/cmake/nmn-config.cmake ${CMAKE_BINARY_DIR}/nmn-config-version.cmake DESTINATION ${package_folder} COMPONENT header)
