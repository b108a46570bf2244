#include "serving/gate.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

namespace flambeau {

struct Gate::Passage {
  RequestContext context;
  TimePoint received;
  TimePoint deadline = kNoDeadline;
};

// One thing that every request passes.
struct GateEntry {
  const char* name;
  const char* reason;
  Status (Gate::*pass)(Gate::Passage*);

  // The one list, for every transport, in order. Counting and logging are not in it: they enclose
  // it, so that a request refused here is counted like any other.
  static const std::array<GateEntry, 3>& List() {
    static const std::array<GateEntry, 3> list = {{
        {"request id", "first, so that every later line and refusal can be traced to a request",
         &Gate::Identify},
        // Authentication belongs here: before anything is spent on a stranger.
        {"admission", "before the deadline and any decoding: refusing must be the cheapest answer",
         &Gate::Admission},
        {"deadline", "last, since only an admitted request has one", &Gate::SetDeadline},
    }};
    return list;
  }
};

namespace {

constexpr size_t kMaxRequestId = 128;

bool IsIdCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

std::string Hex(uint64_t number) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (size_t i = text.size(); i-- > 0; number >>= 4) text[i] = kDigits[number & 15];
  return text;
}

uint64_t RandomSeed() {
  std::random_device device;
  return (static_cast<uint64_t>(device()) << 32) | device();
}

std::string_view Name(Protocol protocol) { return protocol == Protocol::kHttp ? "http" : "grpc"; }

MetricsProtocol ToMetrics(Protocol protocol) {
  return protocol == Protocol::kHttp ? MetricsProtocol::kHttp : MetricsProtocol::kGrpc;
}

// `base` + `microseconds`, without wrapping.
TimePoint After(TimePoint base, int64_t microseconds) {
  constexpr int64_t kYear = int64_t{365} * 24 * 3600 * 1000000;
  return base + std::chrono::microseconds(std::min(microseconds, kYear));
}

}  // namespace

bool IsRequestId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxRequestId &&
         std::all_of(id.begin(), id.end(), IsIdCharacter);
}

// ---- Ticket -------------------------------------------------------------------------------------

Ticket::Ticket(Gate* gate, RequestContext context, TimePoint received, TimePoint deadline)
    : gate_(gate), context_(std::move(context)), received_(received), deadline_(deadline) {}

Ticket::Ticket(Ticket&& other) noexcept
    : gate_(std::exchange(other.gate_, nullptr)),
      context_(std::move(other.context_)),
      received_(other.received_),
      deadline_(other.deadline_),
      model_(std::move(other.model_)),
      version_(other.version_),
      metrics_(std::move(other.metrics_)) {}

Ticket& Ticket::operator=(Ticket&& other) noexcept {
  if (this == &other) return *this;
  Finish(Cancelled("The request was dropped."));
  gate_ = std::exchange(other.gate_, nullptr);
  context_ = std::move(other.context_);
  received_ = other.received_;
  deadline_ = other.deadline_;
  model_ = std::move(other.model_);
  version_ = other.version_;
  metrics_ = std::move(other.metrics_);
  return *this;
}

Ticket::~Ticket() { Finish(Cancelled("The request was dropped.")); }

void Ticket::Tighten(int64_t timeout_us) {
  deadline_ = std::min(deadline_, After(received_, timeout_us));
}

void Ticket::SetModel(std::string model, int64_t version, std::shared_ptr<ModelMetrics> metrics) {
  model_ = std::move(model);
  version_ = version;
  metrics_ = std::move(metrics);
  if (metrics_ != nullptr) metrics_->InFlight(1);
}

Duration Ticket::Age() const {
  return gate_ == nullptr ? Duration{} : gate_->clock_->Now() - received_;
}

void Ticket::Finish(const Status& status) {
  if (gate_ == nullptr) return;
  gate_->Count(*this, status);
  if (metrics_ != nullptr) metrics_->InFlight(-1);
  metrics_.reset();  // before it leaves: what it counts with may end once nothing is in flight
  std::exchange(gate_, nullptr)->Leave();
}

// ---- Gate ---------------------------------------------------------------------------------------

Gate::Gate(const Options& options, Clock* clock, Log* log, Metrics* metrics)
    : options_(options), clock_(clock), log_(log), metrics_(metrics), id_seed_(RandomSeed()) {}

Result<Ticket> Gate::Admit(RequestContext context) {
  Passage passage{std::move(context), clock_->Now()};
  for (const GateEntry& entry : GateEntry::List()) {
    const Status status = (this->*entry.pass)(&passage);
    if (status.ok()) continue;
    Ticket refused(nullptr, std::move(passage.context), passage.received, kNoDeadline);
    Count(refused, status);
    return status;
  }
  return Ticket(this, std::move(passage.context), passage.received, passage.deadline);
}

Status Gate::Identify(Passage* passage) {
  std::string& id = passage->context.request_id;
  // Odd multiples visit every 64-bit number once: ids do not repeat, and do not tell the count.
  if (!IsRequestId(id)) id = Hex(id_seed_ ^ (next_id_.fetch_add(1) * 0x9e3779b97f4a7c15u));
  return OkStatus();
}

Status Gate::Admission(Passage* passage) {
  // Counted before the checks: BeginDrain then WaitIdle cannot miss a request in between.
  const size_t before = in_flight_.fetch_add(1);
  metrics_->InFlight(1);
  Status status;
  if (draining_.load()) {
    status = Unavailable("The server is stopping; send the request to another one.");
  } else if (before >= options_.max_in_flight) {
    status =
        ResourceExhausted("The server has too many requests in flight; try again in a moment.");
  }
  if (!status.ok()) Leave();
  return status;
}

Status Gate::SetDeadline(Passage* passage) {
  passage->deadline = passage->received + options_.request_timeout;
  const std::optional<int64_t>& own = passage->context.timeout_us;
  if (own.has_value())
    passage->deadline = std::min(passage->deadline, After(passage->received, *own));
  return OkStatus();
}

void Gate::Leave() {
  metrics_->InFlight(-1);
  if (in_flight_.fetch_sub(1) != 1 || waiting_.load() == 0) return;
  std::lock_guard lock(mutex_);
  idle_.notify_all();
}

void Gate::Count(const Ticket& ticket, const Status& status) {
  const RequestContext& context = ticket.context_;
  const Duration total = clock_->Now() - ticket.received_;
  if (ticket.metrics_ != nullptr) {
    ticket.metrics_->Request(ToMetrics(context.protocol), status.code(), total);
  } else {
    metrics_->Request(ToMetrics(context.protocol), status.code());
  }
  if (!log_->Enabled(LogLevel::kDebug)) return;
  log_->Debug("request",
              {{"request_id", context.request_id},
               {"protocol", Name(context.protocol)},
               {"peer", context.peer},
               {"route", context.route},
               {"model", ticket.model_},
               {"version", ticket.version_},
               {"status", absl::StatusCodeToString(status.code())},
               {"error", Message(status)},
               {"us", std::chrono::duration_cast<std::chrono::microseconds>(total).count()}});
}

void Gate::BeginDrain() { draining_.store(true); }

bool Gate::WaitIdle(TimePoint deadline) {
  std::unique_lock lock(mutex_);
  waiting_.fetch_add(1);
  while (in_flight_.load() != 0 && clock_->Now() < deadline) {
    clock_->WaitUntil(idle_, lock, deadline);
  }
  waiting_.fetch_sub(1);
  return in_flight_.load() == 0;
}

}  // namespace flambeau
