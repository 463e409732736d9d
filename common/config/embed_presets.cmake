# cmake -DDIRECTORY=deploy/presets "-DNAMES=paper-b1-nmn own/box-nmn .." -DOUTPUT=presets_data.cc -P embed_presets.cmake
# Writes the tables that embedded_presets.h declares, in the order of NAMES; those in own/ are a table of their own.

separate_arguments(names UNIX_COMMAND "${NAMES}")
set(rows "")
set(own_rows "")
foreach(name ${names})
  file(READ ${DIRECTORY}/${name}.textproto text)
  get_filename_component(row_name ${name} NAME)
  set(row "    {\"${row_name}\", R\"textproto(${text})textproto\"},\n")
  if(name MATCHES "^own/")
    string(APPEND own_rows "${row}")
  else()
    string(APPEND rows "${row}")
  endif()
endforeach()
set(source "#include \"common/config/embedded_presets.h\"\n\nnamespace nmn::config {\n\n")
foreach(table IN ITEMS "EmbeddedPresets rows" "EmbeddedOwnPresets own_rows")
  separate_arguments(table)
  list(GET table 0 function)
  list(GET table 1 variable)
  string(APPEND source
         "std::span<const EmbeddedPreset> ${function}() {\n  static const EmbeddedPreset presets[] = {\n${${variable}}  };\n"
         "  return presets;\n}\n\n")
endforeach()
file(WRITE ${OUTPUT} "${source}}  // namespace nmn::config\n")
