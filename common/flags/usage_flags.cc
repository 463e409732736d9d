#include "common/flags/usage_flags.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/flags/describe.h"
#include "common/usage/completion.h"

namespace nmn::flags {
namespace {

const std::vector<std::string> kShells = {"bash", "zsh", "fish"};

std::string Completion(const std::string& shell, const usage::Verb& program) {
  if (shell == "bash") return usage::BashCompletion(program);
  return shell == "zsh" ? usage::ZshCompletion(program) : usage::FishCompletion(program);
}

// Where a person puts what is printed.
std::string Footer(const std::string& program) {
  return absl::StrCat("Put what it prints where the shell looks. New shells then complete the command line.\n",
                      "Examples:  ", program, " completion bash > ~/.local/share/bash-completion/completions/", program,
                      "\n           ", program, " completion zsh > ~/.zfunc/_", program, "   (a folder of $fpath)\n",
                      "           ", program, " completion fish > ~/.config/fish/completions/", program, ".fish");
}

}  // namespace

void AddUsageFlags(CLI::App& app, usage::Edition edition, std::function<usage::Kinds()> kinds) {
  const auto describe = [&app, kinds = std::move(kinds)] { return Describe(app, kinds()); };
  // Of a program without verbs it ends the parse, as --help does, so that nothing else need be given.
  const auto print_and_end = [](const std::string& text) {
    std::cout << text;
    throw CLI::Success();
  };
  const std::string help = "Print what completes the command line in a shell, and exit";
  if (app.get_subcommands([](CLI::App*) { return true; }).empty()) {
    app.add_option_function<std::string>(
           "--completion", [=](const std::string& shell) { print_and_end(Completion(shell, describe())); }, help)
        ->type_name("SHELL")
        ->check(CLI::IsMember(kShells))
        ->configurable(false);
  } else {
    CLI::App* verb = app.add_subcommand("completion", "Print what completes the command line in bash, zsh or fish");
    verb->footer(Footer(app.get_name()));
    auto shell = std::make_shared<std::string>();
    verb->add_option("SHELL", *shell, "The shell")->required()->check(CLI::IsMember(kShells));
    verb->callback([=] { std::cout << Completion(*shell, describe()); });
  }
  app.add_flag_callback(
         "--man", [=] { print_and_end(usage::ManualPage(describe(), edition)); },
         "Print the manual page in roff, and exit")
      ->configurable(false);
}

}  // namespace nmn::flags
