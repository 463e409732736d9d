# cmake -DDIRECTORY=deploy/presets "-DNAMES=paper-b1-nmn reference-b1-nmn .." -DOUTPUT=presets_data.cc -P embed_presets.cmake
# Writes the table that embedded_presets.h declares, in the order of NAMES.

separate_arguments(names UNIX_COMMAND "${NAMES}")
set(rows "")
foreach(name ${names})
  file(READ ${DIRECTORY}/${name}.textproto text)
  string(APPEND rows "    {\"${name}\", R\"textproto(${text})textproto\"},\n")
endforeach()
file(WRITE ${OUTPUT}
     "#include \"common/config/embedded_presets.h\"\n\nnamespace nmn::config {\n\n"
     "std::span<const EmbeddedPreset> EmbeddedPresets() {\n  static const EmbeddedPreset presets[] = {\n${rows}  };\n"
     "  return presets;\n}\n\n}  // namespace nmn::config\n")
