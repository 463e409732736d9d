# find_package(nmn): the target nmn::task, which a task of your own in C is made with.
include("${CMAKE_CURRENT_LIST_DIR}/nmn-targets.cmake")
