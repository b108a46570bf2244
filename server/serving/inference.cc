#include "serving/inference.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "batching/leader.h"
#include "repository/statistics.h"
#include "serving/binding.h"
#include "serving/output_selection.h"

namespace flambeau {
namespace {

constexpr int64_t kLongestUs = int64_t{366} * 24 * 3600 * 1000000;  // no sum with it wraps

// Triton's reasons of nv_inference_request_failure.
std::string_view FailureReason(const Status& status) {
  switch (status.code()) {
    case StatusCode::kResourceExhausted:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kUnavailable:
      return "REJECTED";
    case StatusCode::kCancelled:
      return "CANCELED";
    case StatusCode::kInternal:
      return "BACKEND";
    default:
      return "OTHER";
  }
}

// Rows of a request: dimension 0 where the method is batched, else it counts as one.
int64_t CountRows(const MethodFacts& method, const Declaration* declaration,
                  const std::vector<Value>& arguments) {
  const auto declared = declaration == nullptr ? std::nullopt : declaration->max_batch_size();
  if (declared ? *declared == 0 : method.static_proof.verdict != Verdict::kProven) return 1;
  for (const Value& argument : arguments) {
    const Tensor* tensor = argument.tensor();
    if (tensor != nullptr && !tensor->shape().empty()) return tensor->shape().front();
  }
  return 1;
}

Status NoSuchMethod(const Servable& servable, std::string_view method) {
  std::string names;
  for (const MethodFacts& facts : servable.facts().methods) {
    names += (names.empty() ? "" : ", ") + facts.name;
  }
  return NotFound("Model '" + servable.name() + "' has no method '" + std::string(method) +
                  "'; it has " + names + ".");
}

}  // namespace

Call::Call(Ticket ticket, ServablePtr servable, size_t method)
    : ticket_(std::move(ticket)),
      servable_(std::move(servable)),
      method_(method),
      signature_(servable_->signature(method)) {}

Status Call::Fail(Status status) {
  if (const auto metrics = servable_->metrics()) metrics->Failure(FailureReason(status));
  if (auto* statistics = servable_->statistics()) statistics->Failure(ticket_.Age());
  Unpin();
  ticket_.Finish(status);
  return status;
}

Status Call::SelectMethod(std::string_view method) {
  const int index = servable_->FindMethod(method);
  if (index < 0) return NoSuchMethod(*servable_, method);
  method_ = static_cast<size_t>(index);
  signature_ = servable_->signature(method_);
  return OkStatus();
}

void Call::Unpin() {
  signature_.reset();
  servable_.reset();
}

Inference::Inference(Gate* gate, Repository* repository, Clock* clock, ResponseCache* cache,
                     Tracer* tracer)
    : gate_(gate), repository_(repository), clock_(clock), cache_(cache), tracer_(tracer) {}

Result<Call> Inference::Begin(RequestContext context, std::string_view model,
                              std::string_view version, std::string_view method) {
  FLAMBEAU_ASSIGN_OR_RETURN(Ticket ticket, gate_->Admit(std::move(context)));
  Result<ServablePtr> servable = repository_->Route(model, version);
  if (!servable.ok()) {
    ticket.Finish(servable.status());
    return servable.status();
  }
  Servable& pinned = **servable;
  ticket.SetModel(pinned.name(), pinned.version(), pinned.metrics());
  const int index = pinned.FindMethod(method);
  if (index < 0) {
    const Status status = NoSuchMethod(pinned, method);
    ticket.Finish(status);
    return status;
  }
  Call call(std::move(ticket), *std::move(servable), static_cast<size_t>(index));
  if (pinned.scheduler().Full()) {
    return call.Fail(ResourceExhausted("The queue of model '" + pinned.name() +
                                       "' is full; try again in a moment."));
  }
  return call;
}

Status Inference::Refuse(RequestContext context, Status status) {
  FLAMBEAU_ASSIGN_OR_RETURN(Ticket ticket, gate_->Admit(std::move(context)));
  ticket.Finish(status);
  return status;
}

void Inference::Submit(Call call, InferRequest request, InferDone done) {
  if (!request.method.empty()) {
    const Status selected = call.SelectMethod(request.method);
    if (!selected.ok()) {
      done(call.Fail(selected));
      return;
    }
  }
  if (request.timeout_us.has_value() && *request.timeout_us < 0) {
    done(call.Fail(InvalidArgument("Parameter 'timeout' must not be negative.")));
    return;
  }
  // 0 is what Triton's clients send for "none".
  Duration queue_timeout{};
  if (request.timeout_us.value_or(0) > 0) {
    if (call.servable_->scheduler().HasQueuePolicy(request.priority)) {
      queue_timeout = std::chrono::microseconds(std::min(*request.timeout_us, kLongestUs));
    } else {
      call.ticket_.Tighten(*request.timeout_us);
    }
  }
  const Declaration* const declaration = call.servable_->declaration(call.method_);
  const bool declared = declaration != nullptr && declaration->has_outputs();
  const MethodFacts& loaded = call.servable_->facts().methods[call.method_];
  const Status outputs = CheckRequestedOutputs(declared ? call.signature().results : loaded.results,
                                               request.outputs, declaration);
  if (!outputs.ok()) {
    done(call.Fail(outputs));
    return;
  }
  Result<std::vector<Value>> arguments = BindArguments(call.signature(), std::move(request.inputs),
                                                       declaration, std::move(request.parameters));
  if (!arguments.ok()) {
    done(call.Fail(arguments.status()));
    return;
  }
  const int64_t rows = CountRows(call.signature(), declaration, *arguments);
  Work work;
  work.method = call.method_;
  work.arguments = *std::move(arguments);
  work.deadline = call.ticket_.deadline();
  work.cancel = call.ticket_.context().cancel;
  work.priority = request.priority;
  work.queue_timeout = queue_timeout;
  Leader* const leader = call.ticket_.context().leader;
  // Shared because a std::function must be copyable; there is one owner.
  auto state = std::make_shared<Pending>(Pending{
      std::move(call), std::move(request.id), std::move(request.outputs), rows, std::move(done)});
  if (tracer_ != nullptr) state->trace = state->BeginTrace(tracer_);
  if (cache_ != nullptr && state->call.servable_->caches_responses() &&
      state->AnswerFromCache(cache_, work.arguments)) {
    return;
  }
  const ServablePtr pinned = state->call.servable_;  // `done` may come inside Submit, and unpins
  if (state->trace) state->trace->Queued();
  work.done = [state](Result<Outcome> outcome) { state->Finish(std::move(outcome)); };
  Scheduler& scheduler = pinned->scheduler();
  if (leader == nullptr) return scheduler.Submit(std::move(work));
  if (scheduler.SubmitToLeader(std::move(work))) leader->Add(&scheduler, pinned);
}

bool Inference::Pending::AnswerFromCache(ResponseCache* cache,
                                         const std::vector<Value>& arguments) {
  const Duration begin = call.ticket_.Age();
  ResponseCache::Key key = cache->KeyOf(call.servable_, call.method_, arguments);
  std::optional<Value> answer = cache->Find(key);
  const Duration lookup = call.ticket_.Age() - begin;
  if (!answer) {
    miss = CacheMiss{cache, std::move(key), lookup};
    return false;
  }
  Result<InferResult> result = Select(*std::move(answer));
  if (result.ok()) {
    const Duration total = call.ticket_.Age();
    if (const auto metrics = call.servable_->metrics()) metrics->CacheHit(total, lookup);
    if (auto* statistics = call.servable_->statistics()) statistics->CacheHit(total, lookup);
  }
  End(std::move(result));
  return true;
}

std::unique_ptr<RequestTrace> Inference::Pending::BeginTrace(Tracer* tracer) const {
  return tracer->Begin({call.servable_->name(), call.servable_->version(),
                        id.empty() ? call.request_id() : id, call.ticket_.received()});
}

void Inference::Pending::Finish(Result<Outcome> outcome) {
  if (trace && outcome.ok()) trace->Ran(*outcome);
  if (miss) CountMiss(outcome);
  End(MakeResult(std::move(outcome)));
}

// Stored before the answer leaves: whoever has it and asks again gets it from the cache.
void Inference::Pending::CountMiss(const Result<Outcome>& outcome) {
  const Duration begin = call.ticket_.Age();
  if (outcome.ok()) miss->cache->Store(miss->key, outcome->value);
  const Duration spent = miss->lookup + (call.ticket_.Age() - begin);
  miss.reset();
  if (const auto metrics = call.servable_->metrics()) metrics->CacheMiss(spent);
  if (auto* statistics = call.servable_->statistics()) statistics->CacheMiss(spent);
}

// The version is let go before the answer is counted and leaves: once nothing is in flight, no
// worker holds the last pin of its own scheduler, which it could not join.
void Inference::Pending::End(Result<InferResult> result) {
  if (trace) trace->End();
  if (!result.ok()) return done(call.Fail(result.status()));
  call.Unpin();
  // Before the answer leaves: whoever has it finds it counted.
  call.ticket_.Finish(OkStatus());
  done(std::move(result));
}

Result<InferResult> Inference::Pending::Select(Value value) {
  Servable& servable = *call.servable_;
  InferResult result{
      servable.name(), servable.version(), std::move(id), std::move(value), {}, false};
  const Declaration* const declaration = servable.declaration(call.method_);
  std::vector<NamedTensor> leaves = Flatten(result.value);
  if (declaration != nullptr && declaration->has_outputs()) {
    FLAMBEAU_ASSIGN_OR_RETURN(leaves, declaration->NameOutputs(std::move(leaves)));
    result.declared_outputs = true;
  }
  FLAMBEAU_ASSIGN_OR_RETURN(result.outputs, SelectOutputs(std::move(leaves), outputs, declaration));
  return result;
}

Result<InferResult> Inference::Pending::MakeResult(Result<Outcome> outcome) {
  if (!outcome.ok()) return outcome.status();
  FLAMBEAU_ASSIGN_OR_RETURN(InferResult result, Select(std::move(outcome->value)));
  Servable& servable = *call.servable_;
  const Duration total = call.ticket_.Age();
  if (const auto metrics = servable.metrics()) {
    metrics->Success(rows, total, outcome->queue, outcome->timing.gather, outcome->timing.compute,
                     outcome->timing.scatter);
  }
  if (auto* statistics = servable.statistics()) {
    statistics->Success(rows, total, outcome->queue, outcome->timing);
  }
  return result;
}

}  // namespace flambeau
