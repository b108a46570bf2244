#include "serving/model_statistics.h"

#include <algorithm>
#include <charconv>

namespace flambeau {
namespace {

MemoryUsage MemoryOf(const Facts& facts) {
  MemoryUsage usage{"CPU", 0, static_cast<uint64_t>(std::max<int64_t>(facts.parameter_bytes, 0))};
  constexpr std::string_view kCuda = "cuda";
  const std::string& device = facts.device;
  if (device.compare(0, kCuda.size(), kCuda) != 0) return usage;
  usage.type = "GPU";
  const size_t colon = device.find(':');
  if (colon != std::string::npos) {
    std::from_chars(device.data() + colon + 1, device.data() + device.size(), usage.id);
  }
  return usage;
}

ModelStatistics StatisticsOf(Servable* servable) {
  ModelStatistics statistics;
  statistics.name = servable->name();
  statistics.version = servable->version();
  if (const ServableStatistics* counted = servable->statistics()) {
    statistics.counts = counted->Read();
  }
  statistics.memory.push_back(MemoryOf(servable->facts()));
  return statistics;
}

}  // namespace

Result<std::vector<ModelStatistics>> ReadStatistics(const Repository& repository,
                                                    std::string_view name,
                                                    std::string_view version) {
  std::vector<ServablePtr> servables;
  if (version.empty()) servables = repository.Ready(name);
  if (servables.empty() && !name.empty()) {
    FLAMBEAU_ASSIGN_OR_RETURN(ServablePtr servable, repository.Resolve(name, version));
    servables.push_back(std::move(servable));
  }
  std::vector<ModelStatistics> all;
  all.reserve(servables.size());
  for (const ServablePtr& servable : servables) all.push_back(StatisticsOf(servable.get()));
  return all;
}

}  // namespace flambeau
