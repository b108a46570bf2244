#include "app/inspect.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "app/backend_module.h"
#include "backend/backend.h"
#include "base/clock.h"
#include "base/log.h"
#include "batching/core_permits.h"
#include "batching/scheduler.h"
#include "wire/facts_json.h"

namespace flambeau {
namespace {

std::string Describe(const TensorFact& fact) {
  std::string text = fact.dtype ? std::string(Name(*fact.dtype)) : "any datatype";
  text += fact.dims ? " " + ToString(*fact.dims) : ", any shape";
  if (fact.index_limit) text += ", below " + std::to_string(*fact.index_limit);
  if (!fact.evidence.empty()) text += "   from " + fact.evidence;
  return text;
}

void Print(const ArgumentFact& argument) {
  std::cout << "    " << argument.name << ": " << argument.type;
  if (argument.has_default) std::cout << " = " << argument.default_text;
  if (argument.kind == ValueKind::kTensor) std::cout << "   " << Describe(argument.tensor);
  std::cout << "\n";
}

void Print(const MethodFacts& method, const Proof& proof) {
  std::cout << "\nmethod " << method.name << "\n  arguments\n";
  for (const ArgumentFact& argument : method.arguments) Print(argument);
  std::cout << "  result: " << method.result_type << "\n";
  for (const ResultFact& result : method.results) {
    std::cout << "    " << result.name << "   " << Describe(result.tensor) << "\n";
  }
  std::cout << "  batching: " << Name(proof.verdict);
  if (!proof.reason.empty()) std::cout << ": " << proof.reason;
  std::cout << "\n";
  if (!method.code.empty()) std::cout << "\n  code\n" << method.code << "\n";
  if (!method.graph.empty()) std::cout << "\n  graph\n" << method.graph << "\n";
}

void Print(const Facts& facts, const std::vector<Proof>& proofs) {
  std::cout << facts.platform << ", " << facts.parameter_bytes << " bytes of parameters\n";
  if (facts.writes_state) std::cout << "writes its attributes: one instance, never merged\n";
  for (const std::string& note : facts.notes) std::cout << note << "\n";
  for (size_t i = 0; i < facts.methods.size(); ++i) Print(facts.methods[i], proofs[i]);
}

// The verdicts that a server would start with.
std::vector<Proof> Prove(const std::shared_ptr<Model>& model, Log* log) {
  SystemClock clock;
  CorePermits permits(1);
  auto scheduler = Scheduler::Create("inspect", model, {}, {&clock, &permits, log, nullptr});
  std::vector<Proof> proofs;
  for (size_t i = 0; i < model->facts().methods.size(); ++i) {
    proofs.push_back(scheduler.ok()
                         ? (*scheduler)->proof(i)
                         : Proof{Verdict::kUnproven, std::string(Message(scheduler.status()))});
  }
  return proofs;
}

Status Run(const InspectConfig& config, Log* log) {
  FLAMBEAU_ASSIGN_OR_RETURN(const std::unique_ptr<Backend> backend, LoadBackend(log, 1));
  FLAMBEAU_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model, backend->Load(config.file, {}));
  const std::vector<Proof> proofs = Prove(model, log);
  if (config.json) {
    std::cout << EncodeFacts(model->facts(), proofs) << "\n";
  } else {
    Print(model->facts(), proofs);
  }
  return OkStatus();
}

}  // namespace

int Inspect(const InspectConfig& config) {
  const std::unique_ptr<Log> log = Log::Create(LogLevel::kError, LogFormat::kText);
  const Status status = Run(config, log.get());
  if (status.ok()) return 0;
  std::cerr << "flambeau-server: " << Message(status) << "\n";
  return kExitSetup;
}

}  // namespace flambeau
