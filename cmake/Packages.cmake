# Debian packages of what Install.cmake installs: nmn, nmn-actor (without LibTorch), nmn-learner and nmn-dev. `make deb` writes them into
# build/<preset>/packages. Which libraries a program needs dpkg-shlibdeps finds.

set(NMN_PACKAGER "The nmn contributors <packages@nmn.invalid>" CACHE STRING "Who the Debian packages say has made them: NAME <ADDRESS>")
set(debian ${CMAKE_SOURCE_DIR}/deploy/debian)
set(packages ${CMAKE_BINARY_DIR}/packages)

# What policy wants in every package: who may do what with it, and what changed.
configure_file(${debian}/changelog.in ${packages}/changelog @ONLY)
execute_process(COMMAND gzip -9nf ${packages}/changelog COMMAND_ERROR_IS_FATAL ANY)
set(CPACK_COMPONENTS_ALL nmn-dev)
foreach(program nmn nmn-actor nmn-learner)
  if(TARGET ${program})
    list(APPEND CPACK_COMPONENTS_ALL ${program})
  endif()
endforeach()
foreach(package ${CPACK_COMPONENTS_ALL})
  install(FILES ${debian}/copyright ${packages}/changelog.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${package})
endforeach()
install(DIRECTORY ${CMAKE_SOURCE_DIR}/examples DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/nmn-dev COMPONENT nmn-dev PATTERN __pycache__ EXCLUDE)
# Settings of the units. Only a package may write below /etc; there the prefix is /usr.
foreach(program nmn-actor nmn-learner)
  if(NOT TARGET ${program})
    continue()
  endif()
  install(CODE "
    if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
      file(INSTALL DESTINATION /etc/default TYPE FILE RENAME ${program} FILES \"${CMAKE_SOURCE_DIR}/deploy/systemd/${program}.default\")
    endif()"
    COMPONENT ${program})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DIRECTORY ${packages})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_PACKAGE_CONTACT "${NMN_PACKAGER}")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# nmn_package(nmn-actor SUMMARY "one line" TEXT "what it is, without a semicolon" [SECTION science] [RECOMMENDS ..] [SUGGESTS ..] [ALL] [SERVICE])
# ALL: the same on every architecture. SERVICE: it has a unit of systemd, and settings of it below /etc.
macro(nmn_package name)
  cmake_parse_arguments(ARG "ALL;SERVICE" "SUMMARY;TEXT;SECTION;RECOMMENDS;SUGGESTS" "" ${ARGN})
  string(TOUPPER ${name} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${ARG_SUMMARY}\n${ARG_TEXT}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${ARG_SECTION})
  set(CPACK_DEBIAN_${upper}_PACKAGE_RECOMMENDS "${ARG_RECOMMENDS}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_SUGGESTS "${ARG_SUGGESTS}")
  if(ARG_ALL)
    set(CPACK_DEBIAN_${upper}_PACKAGE_ARCHITECTURE all)
    set(CPACK_DEBIAN_${upper}_PACKAGE_SHLIBDEPS OFF)
  endif()
  if(ARG_SERVICE)
    set(control "")
    file(WRITE ${packages}/${name}/conffiles "/etc/default/${name}\n")
    list(APPEND control ${packages}/${name}/conffiles)
    foreach(script postinst prerm postrm)
      set(PROGRAM ${name})
      configure_file(${debian}/${script}.in ${packages}/${name}/${script} @ONLY FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
      list(APPEND control ${packages}/${name}/${script})
    endforeach()
    set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA "${control}")
  endif()
endmacro()

nmn_package(nmn
  SECTION science
  SUMMARY "train policies that adapt while they act"
  TEXT "Trains, evaluates and studies neuromodulated and recurrent policies by
meta-reinforcement learning: policies that find out from their own rewards
what to do in a case that they have never seen. The same config and seed give
the same weights, bit for bit.
.
This package has the command line, which trains with actors in its own
process."
  RECOMMENDS "gnuplot-nox, libopenblas0-pthread"
  SUGGESTS "nmn-actor, nmn-learner, nmn-dev, python3-numpy")
nmn_package(nmn-actor SERVICE
  SECTION science
  SUMMARY "train policies that adapt while they act: an actor"
  TEXT "Plays episodes for a learner of nmn. Any number of actors may come and go,
and the results stay the same. It does not need LibTorch.
.
The unit nmn-actor@.service runs any number of them."
  SUGGESTS "nmn-learner, python3-numpy")
nmn_package(nmn-learner SERVICE
  SECTION science
  SUMMARY "train policies that adapt while they act: a learner"
  TEXT "Owns one training run of nmn: it leases work to actors, trains on what they
send, publishes weights and writes checkpoints.
.
The unit nmn-learner@.service runs one for each config below /etc/nmn."
  RECOMMENDS "libopenblas0-pthread"
  SUGGESTS "nmn, nmn-actor")
nmn_package(nmn-dev ALL
  SECTION libdevel
  SUMMARY "train policies that adapt while they act: tasks in C"
  TEXT "The header that a task of your own in C or C++ is compiled with, the target
nmn::task for find_package(nmn) of CMake, and examples."
  SUGGESTS "nmn, cmake")

include(CPack)
