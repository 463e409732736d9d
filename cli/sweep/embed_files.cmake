# cmake -DDIRECTORY=deploy "-DNAMES=slurm/sweep.sbatch .." -DOUTPUT=files_data.cc -P embed_files.cmake
# Writes the table that embedded_files.h declares, in the order of NAMES.

separate_arguments(names UNIX_COMMAND "${NAMES}")
set(rows "")
foreach(name ${names})
  file(READ ${DIRECTORY}/${name} text)
  string(APPEND rows "    {\"${name}\", R\"embedded(${text})embedded\"},\n")
endforeach()
file(WRITE ${OUTPUT}
     "#include \"cli/sweep/embedded_files.h\"\n\nnamespace nmn::sweep {\n\n"
     "std::span<const EmbeddedFile> EmbeddedFiles() {\n  static const EmbeddedFile files[] = {\n${rows}  };\n"
     "  return files;\n}\n\n}  // namespace nmn::sweep\n")
