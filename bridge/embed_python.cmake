# cmake -DDIRECTORY=python "-DFILES=nmn/__init__.py nmn/errors.py .." -DOUTPUT=embedded_python.cc -P embed_python.cmake
# Writes the table that embedded_python.h declares, in the order of FILES.

separate_arguments(files UNIX_COMMAND "${FILES}")
set(rows "")
foreach(file ${files})
  file(READ ${DIRECTORY}/${file} text)
  string(REGEX REPLACE "(/__init__)?[.]py$" "" module ${file})
  string(REPLACE "/" "." module ${module})
  string(APPEND rows "    {\"${module}\", \"${file}\", R\"python(${text})python\"},\n")
endforeach()
file(WRITE ${OUTPUT}
     "#include \"bridge/embedded_python.h\"\n\nnamespace nmn::bridge {\n\n"
     "std::span<const EmbeddedModule> EmbeddedModules() {\n  static const EmbeddedModule modules[] = {\n${rows}  };\n"
     "  return modules;\n}\n\n}  // namespace nmn::bridge\n")
