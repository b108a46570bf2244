#include <iostream>
#include <memory>
#include <string>
#include <variant>

#include "app/inspect.h"
#include "app/server.h"
#include "app/stop_signals.h"
#include "base/log.h"
#include "config/config.h"

namespace flambeau {
namespace {

int Serve(const ServeConfig& config) {
  StopSignals signals;
  const std::unique_ptr<Log> log = Log::Create(LogLevel::kDebug, config.log_format);
  auto server = Server::Create(config, log.get());
  if (!server.ok()) {
    std::cerr << "flambeau-server: " << Message(server.status()) << "\n";
    return ExitCodeOf(server.status());
  }
  return (*server)->Run(&signals);
}

int Main(int argc, const char* const* argv) {
  const auto parsed = ParseConfig(argc, argv);
  if (const auto* exit = std::get_if<Exit>(&parsed)) {
    (exit->code == 0 ? std::cout : std::cerr) << exit->text;
    return exit->code;
  }
  if (const auto* inspect = std::get_if<InspectConfig>(&parsed)) return Inspect(*inspect);
  return Serve(std::get<ServeConfig>(parsed));
}

}  // namespace
}  // namespace flambeau

int main(int argc, char** argv) { return flambeau::Main(argc, argv); }
