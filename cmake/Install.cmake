# cmake --install build/release [--prefix DIR] [--component nmn | nmn-actor | nmn-learner | nmn-dev]
#
# A component is a Debian package too (Packages.cmake). Manual pages and completions are what the programs print of themselves.

# Runs `program` at build time for its manual page and for the completion of each shell, in build/<preset>/usage.
function(nmn_usage_files program)
  set(out ${CMAKE_BINARY_DIR}/usage)
  set(page ${out}/${program}.1)
  set(bash ${out}/${program}.bash)
  set(zsh ${out}/_${program})
  set(fish ${out}/${program}.fish)
  set(completion --completion=)
  if(program STREQUAL nmn)
    set(completion "completion;")  # a verb: two words
  endif()
  add_custom_command(
    OUTPUT ${page}.gz ${bash} ${zsh} ${fish}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
    COMMAND ${program} --man > ${page}
    COMMAND gzip -9nf ${page}
    COMMAND ${program} ${completion}bash > ${bash}
    COMMAND ${program} ${completion}zsh > ${zsh}
    COMMAND ${program} ${completion}fish > ${fish}
    DEPENDS ${program}
    COMMENT "Asking ${program} how it is called")
  add_custom_target(${program}-usage DEPENDS ${page}.gz)
  add_dependencies(nmn_usage ${program}-usage)
  install(FILES ${page}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT ${program})
  install(FILES ${bash} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${program} COMPONENT ${program})
  install(FILES ${fish} DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT ${program})
  # Debian's zsh looks below /usr in a folder of its own.
  install(CODE "
    set(folder site-functions)
    if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
      set(folder vendor-completions)
    endif()
    file(INSTALL \"${zsh}\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${folder}\")"
    COMPONENT ${program})
endfunction()

add_custom_target(nmn_usage)
foreach(program nmn nmn-actor nmn-learner)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME COMPONENT ${program})
    nmn_usage_files(${program})
  endif()
endforeach()

# What `nmn reproduce figure3` plays where there is no source tree.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs/results/policies DESTINATION ${CMAKE_INSTALL_DATADIR}/nmn COMPONENT nmn
  FILES_MATCHING PATTERN "*.safetensors")

# Units of systemd. They name no folder of the programs: systemd looks in those of the system, /usr/local too.
set(unit_folder ${CMAKE_SOURCE_DIR}/deploy/systemd)
foreach(program nmn-actor nmn-learner)
  if(TARGET ${program})
    install(FILES ${unit_folder}/${program}@.service DESTINATION lib/systemd/system COMPONENT ${program})
  endif()
endforeach()
if(TARGET nmn-learner)
  install(FILES ${unit_folder}/nmn.conf DESTINATION lib/sysusers.d COMPONENT nmn-learner)
endif()

# All that a task of the user's own in C needs: the header, and find_package(nmn) with nmn::task.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_DATADIR}/cmake/nmn)
install(FILES ${CMAKE_SOURCE_DIR}/include/nmn/task.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nmn COMPONENT nmn-dev)
install(TARGETS nmn_task EXPORT nmn)
install(EXPORT nmn FILE nmn-targets.cmake NAMESPACE nmn:: DESTINATION ${package_folder} COMPONENT nmn-dev)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/nmn-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${CMAKE_SOURCE_DIR}/cmake/nmn-config.cmake ${CMAKE_BINARY_DIR}/nmn-config-version.cmake DESTINATION ${package_folder} COMPONENT nmn-dev)
