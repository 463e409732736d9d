# cmake -DDIRECTORY=learner/page -DOUTPUT=page_text.cc -P embed_page.cmake
# Writes what page_text.h declares: index.html with its style and scripts in it.

file(READ ${DIRECTORY}/index.html page)
foreach(file page.css charts.js page.js)
  file(READ ${DIRECTORY}/${file} text)
  if(text MATCHES "</(script|style)")
    message(FATAL_ERROR "${DIRECTORY}/${file} holds an end tag: it would end the page's")
  endif()
  if(file MATCHES "css$")
    set(link "<link rel=\"stylesheet\" href=\"${file}\">")
    set(inlined "<style>${text}</style>")
  else()
    set(link "<script src=\"${file}\"></script>")
    set(inlined "<script>${text}</script>")
  endif()
  string(FIND "${page}" "${link}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${DIRECTORY}/index.html has no ${link}")
  endif()
  string(REPLACE "${link}" "${inlined}" page "${page}")
endforeach()
file(WRITE ${OUTPUT}
     "#include \"learner/page/page_text.h\"\n\nnamespace nmn::page {\n\n"
     "std::string_view Text() { return R\"page(${page})page\"; }\n\n}  // namespace nmn::page\n")
