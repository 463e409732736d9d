# cmake -DDIRECTORY=deploy/presets "-DPATHS=base arch/nmn .." -DOUTPUT=preset_files_data.cc -P embed_preset_files.cmake
# Writes the table that preset_files.h declares, in the order of PATHS.

separate_arguments(paths UNIX_COMMAND "${PATHS}")
set(rows "")
foreach(path ${paths})
  file(READ ${DIRECTORY}/${path}.textproto text)
  string(APPEND rows "    {\"${path}\", R\"textproto(${text})textproto\"},\n")
endforeach()
file(WRITE ${OUTPUT}
     "#include \"common/config/preset_files.h\"\n\nnamespace nmn::config {\n\n"
     "std::span<const PresetFile> PresetFiles() {\n  static const PresetFile files[] = {\n${rows}  };\n  return files;\n}\n\n"
     "}  // namespace nmn::config\n")
