# cmake --install build/release [--prefix DIR] [--component programs | header]

include(GNUInstallDirs)
foreach(program nmn nmn-actor nmn-learner)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME COMPONENT programs)
  endif()
endforeach()
# All that a task of the user's own in C needs.
install(FILES ${CMAKE_SOURCE_DIR}/include/nmn/task.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nmn COMPONENT header)
