#include "base/wake_scope.h"

#include <algorithm>
#include <utility>

namespace flambeau {
namespace {

thread_local std::vector<std::shared_ptr<Sleeper>>* owed_here = nullptr;

}  // namespace

WakeScope::WakeScope() { owed_here = &owed_; }

WakeScope::~WakeScope() {
  owed_here = nullptr;
  for (const auto& sleeper : owed_) sleeper->Wake();
}

void WakeScope::Wake(std::shared_ptr<Sleeper> sleeper) {
  if (owed_here == nullptr) return sleeper->Wake();
  if (std::find(owed_here->begin(), owed_here->end(), sleeper) != owed_here->end()) return;
  owed_here->push_back(std::move(sleeper));
}

}  // namespace flambeau
