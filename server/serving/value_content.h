// What a value holds, wherever its bytes lie: its hash, its equality, its size, a copy of its own.
#pragma once

#include <cstddef>

#include "base/status.h"
#include "serving/sip_hash.h"
#include "tensor/value.h"

namespace flambeau {

// Kinds, datatypes, shapes, lengths, keys and bytes: values that differ in any feed the hash
// differently. Threads: any. Errors: none.
void HashValue(const Value& value, SipHash* hash);

// Bit by bit: 0.0 is not -0.0, and NaN is NaN.
bool SameValue(const Value& a, const Value& b);

// The memory that CopyValue would take, about.
size_t ValueBytes(const Value& value);

// A copy that shares no bytes with `value`, so that it pins no batch and no request's body.
// Errors: RESOURCE_EXHAUSTED if there is no memory.
Result<Value> CopyValue(const Value& value);

}  // namespace flambeau
