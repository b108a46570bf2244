// What the backend finds out about each model of the corpus, scored against what is true of it.
#pragma once

#include <string>
#include <vector>

#include "backend/facts.h"
#include "nlohmann/json.hpp"

namespace flambeau {

struct Tally {
  int known = 0;  // what there is to know
  int right = 0;
  int wrong = 0;
};

struct ModelScore {
  std::string name;
  std::string group;  // "corpus", "adversarial", "sound"
  bool batchable = true;
  std::string why_not;  // batchable
  Tally names;
  Tally dtypes;
  Tally dims;                       // the rank, and each dimension that is not free
  std::vector<std::string> faults;  // one for each wrong claim
  Proof static_proof;
  Proof dynamic_proof;  // asked whatever the static gate said

  bool proven() const {
    return static_proof.verdict == Verdict::kProven && dynamic_proof.verdict == Verdict::kProven;
  }
  std::string reason() const {
    return static_proof.verdict != Verdict::kProven ? static_proof.reason : dynamic_proof.reason;
  }
};

// Of every model in the corpus; computed once.
const std::vector<ModelScore>& ModelScores();

nlohmann::json ToJson(const ModelScore& score);

}  // namespace flambeau
