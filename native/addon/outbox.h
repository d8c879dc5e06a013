// Records that JavaScript wrote, read with distrust.
#pragma once

#include <cstdint>

#include "records.h"

namespace launchport {

// What a record carries; all point into the caller's memory.
struct Payload {
  Bytes body;    // the serialization
  Bytes rights;  // pairs of words, see records.ts; empty when there are none
  void* block = nullptr;  // of platform::allocate_body, when the body is all that it holds; else null
};

struct OutRecord {
  Outbound kind;
  uint32_t handle;
  uint32_t id;
  Payload payload;
};

// Null when words and bytes are what records.ts says; else what is wrong. `word` is the second of a record.
const char* problem_with_record(uint32_t word, Bytes body);
const char* problem_with_records(Bytes bytes);

// The record of parts that problem_with_record found nothing wrong with.
OutRecord make_record(uint32_t word, uint32_t handle, uint32_t id, Bytes body);

// Reads records that problem_with_records found nothing wrong with.
class OutboxReader {
 public:
  explicit OutboxReader(Bytes bytes) : bytes_(bytes) {}

  bool next(OutRecord* record);

 private:
  Bytes bytes_;
};

}  // namespace launchport
