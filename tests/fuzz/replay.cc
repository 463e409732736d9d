// Runs every input below DIR/TARGET through its target, without libFuzzer: replay DIR.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "tests/fuzz/target.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " DIR" << std::endl;
    return 42;
  }
  for (const nmn::fuzz::Target& target : nmn::fuzz::Targets()) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(argv[1]) / target.name, error))
      files.push_back(entry.path());
    if (files.empty()) {
      std::cerr << argv[1] << "/" << target.name << " has no input; each target needs seeds" << std::endl;
      return 1;
    }
    std::sort(files.begin(), files.end());
    for (const std::filesystem::path& file : files) {
      std::cerr << file.string() << std::endl;  // the last one is the one that ended it
      std::ifstream in(file, std::ios::binary);
      target.run(std::string(std::istreambuf_iterator<char>(in), {}));
    }
    std::cout << target.name << ": " << files.size() << " inputs\n";
  }
  return 0;
}
