// A model file, opened and found to be a TorchScript archive.
#pragma once

#include <caffe2/serialize/inline_container.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace flambeau {

using ArchiveReader = std::shared_ptr<caffe2::serialize::PyTorchStreamReader>;

// Opens `path` once, so that what is checked is what is read. No tensor is read yet.
// Threads: any. Lifetime: the reader keeps the file open.
// Errors: INVALID_ARGUMENT, one sentence that says what the file is instead and what to do.
Result<ArchiveReader> OpenArchive(const std::string& path);

}  // namespace flambeau
