#include "serving/response_cache.h"

#include <cstdint>
#include <new>
#include <utility>

#include "serving/value_content.h"

namespace flambeau {
namespace {

// What an entry costs beside its values: the list's node, the index's, the control block.
constexpr size_t kEntryOverhead = 256;

bool SameOwner(const std::weak_ptr<const Servable>& a, const std::weak_ptr<const Servable>& b) {
  return !a.owner_before(b) && !b.owner_before(a);
}

bool SameKey(const ResponseCache::Key& a, const ResponseCache::Key& b) {
  if (!SameOwner(a.servable, b.servable) || a.method != b.method ||
      a.arguments.size() != b.arguments.size()) {
    return false;
  }
  for (size_t i = 0; i < a.arguments.size(); ++i) {
    if (!SameValue(a.arguments[i], b.arguments[i])) return false;
  }
  return true;
}

size_t EntryBytes(const ResponseCache::Key& key, const Value& answer) {
  size_t bytes = kEntryOverhead + ValueBytes(answer);
  for (const Value& argument : key.arguments) bytes += ValueBytes(argument);
  return bytes;
}

}  // namespace

ResponseCache::ResponseCache(size_t max_bytes)
    : max_bytes_(max_bytes), hash_key_(SipHash::RandomKey()) {}

ResponseCache::Key ResponseCache::KeyOf(const std::shared_ptr<const Servable>& servable,
                                        size_t method, std::vector<Value> arguments) const {
  SipHash hash(hash_key_);
  const auto identity = reinterpret_cast<uintptr_t>(servable.get());
  hash.Update(&identity, sizeof(identity));
  hash.Update(&method, sizeof(method));
  for (const Value& argument : arguments) HashValue(argument, &hash);
  return {hash.Finish(), servable, method, std::move(arguments)};
}

std::optional<Value> ResponseCache::Find(const Key& key) {
  EntryPtr found;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = index_.find(key.digest);
    if (entry == index_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, entry->second);
    found = *entry->second;
  }
  if (!SameKey(found->key, key)) return std::nullopt;
  return found->answer;
}

void ResponseCache::Store(const Key& key, const Value& answer) try {
  const size_t bytes = EntryBytes(key, answer);
  if (bytes > max_bytes_) return;
  EntryPtr entry = CopyOf(key, answer, bytes);
  if (entry == nullptr) return;
  Entries evicted;
  const std::lock_guard lock(mutex_);
  // Whoever missed at the same time has stored it too, or the hash is equal by chance.
  const auto old = index_.find(key.digest);
  if (old != index_.end()) Evict(old->second, &evicted);
  while (bytes_ + bytes > max_bytes_) Evict(std::prev(entries_.end()), &evicted);
  entries_.push_front(std::move(entry));
  bytes_ += bytes;
  index_[key.digest] = entries_.begin();
} catch (const std::bad_alloc&) {
  // A cache that cannot grow answers less often, and nothing worse.
}

ResponseCache::EntryPtr ResponseCache::CopyOf(const Key& key, const Value& answer, size_t bytes) {
  auto entry = std::make_shared<Entry>();
  entry->key = {key.digest, key.servable, key.method, {}};
  for (const Value& argument : key.arguments) {
    Result<Value> copy = CopyValue(argument);
    if (!copy.ok()) return nullptr;
    entry->key.arguments.push_back(*std::move(copy));
  }
  Result<Value> copy = CopyValue(answer);
  if (!copy.ok()) return nullptr;
  entry->answer = *std::move(copy);
  entry->bytes = bytes;
  return entry;
}

void ResponseCache::Evict(Entries::iterator entry, Entries* evicted) {
  bytes_ -= (*entry)->bytes;
  index_.erase((*entry)->key.digest);
  evicted->splice(evicted->begin(), entries_, entry);
}

size_t ResponseCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

size_t ResponseCache::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace flambeau
