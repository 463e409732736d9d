# cmake -DSOURCE_DIR=.. -DOUTPUT=.. -P write_commit.cmake: writes the C++ source that holds the commit and its day, and only when they
# changed, so that a new commit recompiles this one file.

set(commit unknown)
string(TIMESTAMP date %Y-%m-%d UTC)  # of a source without git: today, or SOURCE_DATE_EPOCH
execute_process(
  COMMAND git -C ${SOURCE_DIR} rev-parse --show-toplevel HEAD
  OUTPUT_VARIABLE answer
  RESULT_VARIABLE failed
  ERROR_QUIET
  OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT failed)
  string(REPLACE "\n" ";" answer "${answer}")
  list(GET answer 0 top)
  file(REAL_PATH "${SOURCE_DIR}" source)
  # An unpacked archive inside somebody else's repository is not a checkout of ours.
  if(top STREQUAL source)
    list(GET answer 1 commit)
    execute_process(
      COMMAND ${CMAKE_COMMAND} -E env TZ=UTC git -C ${SOURCE_DIR} log -1 --format=%cd --date=format-local:%Y-%m-%d HEAD
      OUTPUT_VARIABLE date
      OUTPUT_STRIP_TRAILING_WHITESPACE)
    execute_process(
      COMMAND git -C ${SOURCE_DIR} --no-optional-locks status --porcelain --untracked-files=no
      OUTPUT_VARIABLE changes
      ERROR_QUIET)
    if(changes)
      string(APPEND commit "-dirty")
    endif()
  endif()
endif()

set(content "#include \"common/build/build.h\"\n\nnamespace nmn::build {\n\nconst char* Commit() { return \"${commit}\"; }\nconst char* Date() { return \"${date}\"; }\n\n}  // namespace nmn::build\n")
set(previous "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} previous)
endif()
if(NOT previous STREQUAL content)
  file(WRITE ${OUTPUT} "${content}")
endif()
