#include "outbox.h"

namespace launchport {
namespace {

constexpr size_t table_bytes(size_t count) { return 4 + 8 * count; }

const char* problem_with_table(Bytes body) {
  if (body.size() < table_bytes(0)) return "a table of rights is cut short";
  const uint32_t count = load_u32(body.data());
  if (count == 0 || count > kMaxRights) return "a message has 1 to 253 rights, or no table";
  if (body.size() < table_bytes(count)) return "a table of rights is cut short";
  for (size_t at = 4; at < table_bytes(count); at += 8) {
    const uint32_t kind = load_u32(body.data() + at);
    const bool is_known =
        kind >= static_cast<uint32_t>(Right::descriptor) && kind <= static_cast<uint32_t>(Right::endpoint);
    if (!is_known) return "unknown kind of right";
  }
  return nullptr;
}

}  // namespace

const char* problem_with_record(uint32_t word, Bytes body) {
  const uint32_t kind = word & ~kRecordHasRights;
  const bool is_known =
      kind >= static_cast<uint32_t>(Outbound::message) && kind <= static_cast<uint32_t>(Outbound::reply);
  if (!is_known) return "unknown kind of record";
  return (word & kRecordHasRights) != 0 ? problem_with_table(body) : nullptr;
}

OutRecord make_record(uint32_t word, uint32_t handle, uint32_t id, Bytes body) {
  OutRecord record{static_cast<Outbound>(word & ~kRecordHasRights), handle, id, {body, {}}};
  if ((word & kRecordHasRights) == 0) return record;
  const size_t size = table_bytes(load_u32(body.data()));
  record.payload = {body.subspan(size), body.subspan(4, size - 4)};
  return record;
}

const char* problem_with_records(Bytes bytes) {
  while (!bytes.empty()) {
    if (bytes.size() < kRecordHeaderBytes) return "a record is cut short";
    const uint32_t size = load_u32(bytes.data());
    if (size < kRecordHeaderBytes || size > bytes.size()) return "the length of a record is out of bounds";
    if (size % 4 != 0) return "the length of a record is not a multiple of 4";
    const Bytes body = bytes.subspan(kRecordHeaderBytes, size - kRecordHeaderBytes);
    if (const char* problem = problem_with_record(load_u32(bytes.data() + 4), body)) return problem;
    bytes = bytes.subspan(size);
  }
  return nullptr;
}

bool OutboxReader::next(OutRecord* record) {
  if (bytes_.empty()) return false;
  const uint32_t size = load_u32(bytes_.data());
  *record = make_record(load_u32(bytes_.data() + 4), load_u32(bytes_.data() + 8), load_u32(bytes_.data() + 12),
                        bytes_.subspan(kRecordHeaderBytes, size - kRecordHeaderBytes));
  bytes_ = bytes_.subspan(size);
  return true;
}

}  // namespace launchport
