#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <vector>

namespace flambeau::client {
namespace {

std::string Joined(const std::vector<std::string>& words, const std::string& between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

// Flags, of option groups too.
std::vector<const CLI::Option*> OptionsOf(const CLI::App& app) {
  const auto all = [](const CLI::Option*) { return true; };
  std::vector<const CLI::Option*> options = app.get_options(all);
  for (const CLI::App* group : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!group->get_name().empty()) continue;  // a command
    for (const CLI::Option* option : group->get_options(all)) {
      if (option != group->get_help_ptr()) options.push_back(option);  // the command has its own
    }
  }
  return options;
}

std::vector<std::string> NamesOf(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

// "TEXT:{grpc,http}" to "grpc http"; empty if any value will do.
std::string ChoicesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t begin = type.find('{');
  const size_t end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos) return "";
  std::string choices = type.substr(begin + 1, end - begin - 1);
  for (char& c : choices) c = c == ',' ? ' ' : c;
  return choices;
}

// What bash's `case` needs, gathered over the tree of commands.
class Script {
 public:
  explicit Script(const CLI::App& app) : root_(app) { Visit(app, ""); }

  std::string ToText() const {
    return R"(_flambeau() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path= word words=
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
      )" + Joined(commands_, " | ") +
           R"() path="$path $word" ;;
    esac
  done
  case "$path $previous" in
)" + values_ +
           R"(  esac
  case "$path" in
)" + words_ +
           R"(  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _flambeau flambeau
)";
  }

 private:
  void Visit(const CLI::App& app, const std::string& path) {
    std::vector<std::string> words;
    AddOptions(app, path, &words);
    if (!path.empty()) AddOptions(root_, path, &words);  // they may stand behind a command, too
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      if (command->get_name().empty()) continue;  // a group of options
      const std::string below = path + " " + command->get_name();
      words.push_back(command->get_name());
      commands_.push_back("\"" + below + "\"");
      Visit(*command, below);
    }
    words_ += "    \"" + path + "\") words=\"" + Joined(words, " ") + "\" ;;\n";
  }

  void AddOptions(const CLI::App& app, const std::string& path, std::vector<std::string>* words) {
    std::vector<std::string> with_files;
    for (const CLI::Option* option : OptionsOf(app)) {
      // A command has these two itself, or has no use for them.
      const bool own = option == root_.get_help_ptr() || option == root_.get_version_ptr();
      if (own && !path.empty()) continue;
      std::vector<std::string> names = NamesOf(*option);
      const std::string choices = ChoicesOf(*option);
      if (names.empty()) {  // positional
        if (!choices.empty()) words->push_back(choices);
        continue;
      }
      words->insert(words->end(), names.begin(), names.end());
      if (option->get_items_expected_min() == 0) continue;  // it takes no value
      for (std::string& name : names) name = "\"" + path + " " + name + "\"";
      if (choices.empty()) {
        with_files.insert(with_files.end(), names.begin(), names.end());
      } else {
        values_ += "    " + Joined(names, " | ") + ") COMPREPLY=($(compgen -W \"" + choices +
                   "\" -- \"$current\")); return ;;\n";
      }
    }
    if (with_files.empty()) return;
    values_ += "    " + Joined(with_files, " | ") +
               ") COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n";
  }

  const CLI::App& root_;
  std::vector<std::string> commands_;
  std::string values_;
  std::string words_;
};

}  // namespace

std::string MakeCompletion(const CLI::App& app, bool zsh) {
  const std::string script = Script(app).ToText();
  return zsh ? "autoload -U +X bashcompinit && bashcompinit\n" + script : script;
}

}  // namespace flambeau::client
