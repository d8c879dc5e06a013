// Records that JavaScript wrote, read with distrust.
#pragma once

#include <cstdint>

#include "records.h"

namespace launchport {

// One record to send; `body` points into the caller's bytes.
struct OutRecord {
  Outbound kind;
  uint32_t handle;
  uint32_t id;
  Bytes body;
};

// Null when `kind` and `bytes` are what binding.ts says; else what is wrong.
const char* problem_with_kind(uint32_t kind);
const char* problem_with_records(Bytes bytes);

// Reads records that problem_with_records found nothing wrong with.
class OutboxReader {
 public:
  explicit OutboxReader(Bytes bytes) : bytes_(bytes) {}

  bool next(OutRecord* record);

 private:
  Bytes bytes_;
};

}  // namespace launchport
