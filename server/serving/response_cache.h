// Answers that were given before, for models whose configuration asks for it.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "repository/servable.h"
#include "serving/sip_hash.h"
#include "tensor/value.h"

namespace flambeau {

// The least recently used leave when there are more bytes than allowed. An answer belongs to one
// loaded version: one that was loaded anew never gives it, and it leaves as the oldest.
// Threads: any; hashing, comparing and copying are outside the lock.
// Lifetime: outlives whoever asks it. Answers that it gave outlive it.
// Errors: none; what cannot be stored is not.
class ResponseCache {
 public:
  // What an answer depends on. It keeps its arguments' bytes, but no version, alive.
  struct Key {
    Digest digest;
    std::weak_ptr<const Servable> servable;
    size_t method = 0;
    std::vector<Value> arguments;
  };

  // `max_bytes`: of keys and answers together.
  explicit ResponseCache(size_t max_bytes);

  Key KeyOf(const std::shared_ptr<const Servable>& servable, size_t method,
            std::vector<Value> arguments) const;

  // The answer to an equal key: hashes that are equal by chance are told apart.
  std::optional<Value> Find(const Key& key);
  // Copies both. An answer larger than the cache is not stored.
  void Store(const Key& key, const Value& answer);

  size_t bytes() const;
  size_t entries() const;

 private:
  struct Entry {
    Key key;
    Value answer;
    size_t bytes = 0;
  };
  using EntryPtr = std::shared_ptr<const Entry>;
  using Entries = std::list<EntryPtr>;
  struct DigestHash {
    size_t operator()(const Digest& digest) const { return digest.low; }
  };

  static EntryPtr CopyOf(const Key& key, const Value& answer, size_t bytes);
  // Into `evicted`, so that nothing is freed under the lock.
  void Evict(Entries::iterator entry, Entries* evicted);

  const size_t max_bytes_;
  const SipHash::Key hash_key_;
  mutable std::mutex mutex_;
  size_t bytes_ = 0;
  Entries entries_;  // the last used first
  std::unordered_map<Digest, Entries::iterator, DigestHash> index_;
};

}  // namespace flambeau
