// A model's configuration as it is in effect: what its owner declared, the rest as known.
#pragma once

#include <cstdint>
#include <string>

#include "backend/facts.h"
#include "spec/model_config.h"

namespace flambeau {

struct InEffect {
  std::string name;
  std::string device;  // "cpu", "cuda:0"
  int instances = 1;
  int64_t max_batch_size = 1;  // the merging limit
  uint64_t max_queue_delay_us = 0;
  std::string file;  // the model file's name
};

// `signature` is the first method's as clients see it; null if there is none. Not declared,
// max_batch_size is the merging limit where merging is proven and every input and output has a
// batch dimension, else 0, so that metadata's shapes are always max_batch_size > 0 ? [-1] + dims :
// dims.
ModelConfig EffectiveConfig(const ModelConfig& declared, const MethodFacts* signature,
                            const InEffect& in_effect);

}  // namespace flambeau
