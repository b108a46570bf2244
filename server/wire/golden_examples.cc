#include "wire/golden_examples.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec/json_cursor.h"
#include "codec/json_numbers.h"
#include "serving/binding.h"
#include "wire/compare_answer.h"
#include "wire/predict.h"

namespace flambeau {
namespace {

constexpr Duration kGrace = std::chrono::seconds(10);

struct Limit {
  Clock* clock;
  TimePoint deadline;
};

struct Example {
  std::string method = "forward";
  std::string_view request;
  std::string_view response;
  std::optional<double> tolerance;
};

Status TakeMember(JsonCursor* cursor, Example* example) {
  const std::string key = cursor->key();
  if (key == "request" || key == "response") {
    FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
    if (kind != JsonKind::kObject) return cursor->Expected("an object, as /predict has it");
    FLAMBEAU_ASSIGN_OR_RETURN(const std::string_view raw, cursor->TakeRaw());
    (key == "request" ? example->request : example->response) = raw;
    return OkStatus();
  }
  if (key == "method") {
    FLAMBEAU_ASSIGN_OR_RETURN(example->method, cursor->TakeName());
    return OkStatus();
  }
  if (key == "tolerance") {
    FLAMBEAU_ASSIGN_OR_RETURN(const double tolerance, cursor->TakeDouble());
    if (tolerance < 0) return InvalidArgument("the tolerance must not be negative");
    example->tolerance = tolerance;
    return OkStatus();
  }
  return InvalidArgument("the key " + cursor->Path() +
                         " is not known: an example has request, response, method and tolerance");
}

Result<Example> TakeExample(JsonCursor* cursor) {
  Example example;
  const std::string path = cursor->Path();
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) break;
    FLAMBEAU_RETURN_IF_ERROR(TakeMember(cursor, &example));
  }
  if (!example.request.empty() && !example.response.empty()) return example;
  return InvalidArgument(path + " must have a request and a response");
}

// `text` is followed by kJsonPadding bytes.
Result<std::vector<Example>> ParseExamples(std::string_view text) {
  JsonCursor cursor(text);
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor.Kind());
  if (kind != JsonKind::kArray) return InvalidArgument("it must be a list of examples");
  FLAMBEAU_RETURN_IF_ERROR(cursor.EnterArray());
  std::vector<Example> examples;
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor.NextElement());
    if (!more) break;
    FLAMBEAU_ASSIGN_OR_RETURN(Example example, TakeExample(&cursor));
    examples.push_back(std::move(example));
  }
  FLAMBEAU_RETURN_IF_ERROR(cursor.Finish());
  return examples;
}

// Where the one answer of a request arrives.
struct Mailbox {
  std::mutex mutex;
  std::condition_variable arrived;
  std::optional<Result<Outcome>> outcome;
};

// The scheduler answers at the deadline whatever still waits; a run that has begun cannot be
// interrupted, and gets a little longer.
Result<Value> Run(Servable& servable, size_t method, std::vector<Value> arguments,
                  const Limit& limit) {
  const auto mailbox = std::make_shared<Mailbox>();
  Work work;
  work.method = method;
  work.arguments = std::move(arguments);
  work.deadline = limit.deadline;
  work.done = [mailbox](Result<Outcome> outcome) {
    const std::lock_guard lock(mailbox->mutex);
    mailbox->outcome = std::move(outcome);
    mailbox->arrived.notify_all();
  };
  servable.scheduler().Submit(std::move(work));
  std::unique_lock lock(mailbox->mutex);
  const TimePoint end = limit.deadline + kGrace;
  while (!mailbox->outcome && limit.clock->Now() < end) {
    limit.clock->WaitUntil(mailbox->arrived, lock, end);
  }
  if (!mailbox->outcome) return DeadlineExceeded("its run does not end");
  if (!mailbox->outcome->ok()) return mailbox->outcome->status();
  return std::move((*mailbox->outcome)->value);
}

// As /predict shows it: outputs that are declared have their names and shapes.
Result<Value> Shown(Value value, const Declaration* declaration) {
  if (declaration == nullptr || !declaration->has_outputs()) return value;
  FLAMBEAU_ASSIGN_OR_RETURN(std::vector<NamedTensor> outputs,
                            declaration->NameOutputs(Flatten(value)));
  if (outputs.size() == 1) return Value{std::move(outputs.front().tensor)};
  ValueDict shown;
  for (NamedTensor& output : outputs) {
    shown.items.push_back({std::move(output.name), Value{std::move(output.tensor)}});
  }
  return Value{std::move(shown)};
}

Result<Value> Ask(const Example& example, Servable& servable, const Limit& limit) {
  const int method = servable.FindMethod(example.method);
  if (method < 0) return InvalidArgument("the model has no method '" + example.method + "'");
  const auto index = static_cast<size_t>(method);
  const auto signature = servable.signature(index);
  const Declaration* const declaration = servable.declaration(index);
  FLAMBEAU_ASSIGN_OR_RETURN(InferRequest request,
                            DecodePredict({example.request}, *signature, declaration));
  FLAMBEAU_ASSIGN_OR_RETURN(std::vector<Value> arguments,
                            BindArguments(*signature, std::move(request.inputs), declaration,
                                          std::move(request.parameters)));
  FLAMBEAU_ASSIGN_OR_RETURN(Value value, Run(servable, index, std::move(arguments), limit));
  return Shown(std::move(value), declaration);
}

// Its sentence without a stop, to go into a longer one.
std::string Clause(const Status& status) {
  std::string text(Message(status));
  while (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

Status CheckGoldenExamples(const ExamplesText& examples, Servable& servable, Clock& clock,
                           TimePoint deadline) {
  std::string padded = examples.text;
  padded.resize(examples.text.size() + kJsonPadding);
  const auto parsed = ParseExamples(std::string_view(padded).substr(0, examples.text.size()));
  if (!parsed.ok()) {
    return InvalidArgument(examples.source + ": " + Clause(parsed.status()) + ".");
  }
  for (size_t i = 0; i < parsed->size(); ++i) {
    const Example& example = (*parsed)[i];
    const std::string which = examples.source + ": example " + std::to_string(i + 1);
    if (clock.Now() >= deadline) {
      return DeadlineExceeded(which + " was not reached in time: keep fewer or smaller examples.");
    }
    const Result<Value> answer = Ask(example, servable, {&clock, deadline});
    if (!answer.ok()) {
      return InvalidArgument(which + " failed: " + Clause(answer.status()) + ".");
    }
    const auto difference = CompareAnswer(*answer, {example.response}, example.tolerance);
    if (!difference.ok()) {
      return InvalidArgument(which + " has a wrong response: " + Clause(difference.status()) + ".");
    }
    if (*difference) return InvalidArgument(which + " does not match: " + **difference + ".");
  }
  return OkStatus();
}

}  // namespace flambeau
