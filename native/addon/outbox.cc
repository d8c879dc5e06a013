#include "outbox.h"

namespace launchport {

const char* problem_with_kind(uint32_t kind) {
  const bool is_known = kind >= static_cast<uint32_t>(Outbound::message) && kind <= static_cast<uint32_t>(Outbound::reply);
  return is_known ? nullptr : "unknown kind of record";
}

const char* problem_with_records(Bytes bytes) {
  while (!bytes.empty()) {
    if (bytes.size() < kRecordHeaderBytes) return "a record is cut short";
    const uint32_t size = load_u32(bytes.data());
    if (size < kRecordHeaderBytes || size > bytes.size()) return "the length of a record is out of bounds";
    if (size % 4 != 0) return "the length of a record is not a multiple of 4";
    if (const char* problem = problem_with_kind(load_u32(bytes.data() + 4))) return problem;
    bytes = bytes.subspan(size);
  }
  return nullptr;
}

bool OutboxReader::next(OutRecord* record) {
  if (bytes_.empty()) return false;
  const uint32_t size = load_u32(bytes_.data());
  record->kind = static_cast<Outbound>(load_u32(bytes_.data() + 4));
  record->handle = load_u32(bytes_.data() + 8);
  record->id = load_u32(bytes_.data() + 12);
  record->body = bytes_.subspan(kRecordHeaderBytes, size - kRecordHeaderBytes);
  bytes_ = bytes_.subspan(size);
  return true;
}

}  // namespace launchport
