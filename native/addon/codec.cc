#include "codec.h"

#include "platform.h"
#include "transcode.h"

namespace launchport {
namespace {

// Puts the table of records.ts before the bytes.
void prepend_table(std::span<const RightEntry> entries, std::vector<uint8_t>& bytes) {
  std::vector<uint8_t> table(4 + 8 * entries.size());
  store_u32(table.data(), static_cast<uint32_t>(entries.size()));
  uint8_t* at = table.data() + 4;
  for (const RightEntry& entry : entries) {
    store_u32(at, static_cast<uint32_t>(entry.kind));
    store_u32(at + 4, entry.value);
    at += 8;
  }
  bytes.insert(bytes.begin(), table.begin(), table.end());
}

}  // namespace

Object Codec::decode(const Payload& payload) const {
  MessageRights rights;
  if (!payload.rights.empty()) {
    if (!rights_.resolve(payload.rights, &rights)) return {};
  } else if (!is_transcoding_) {
    if (Object object = platform::dictionary_from_serialized(payload)) return object;
  }
  return dictionary_from_bytes(payload.body, rights);
}

bool Codec::fill(xpc_object_t reply, const Payload& payload) const {
  MessageRights rights;
  if (!payload.rights.empty()) {
    if (!rights_.resolve(payload.rights, &rights)) return false;
  } else if (!is_transcoding_ && platform::fill_reply_from_serialized(reply, payload)) {
    return true;
  }
  return fill_dictionary(reply, payload.body, rights);
}

bool Codec::encode(xpc_object_t dictionary, Body* body) const {
  if (!is_transcoding_) {
    const Bytes bytes = platform::serialized_form(dictionary);
    if (bytes.size() > kMaxBodyBytes) return false;
    if (!bytes.empty()) {
      // A short body is copied before the handler returns: its object need not be kept.
      *body = Body(bytes.size() > kInlineBodyBytes ? Object::retain(dictionary) : Object(), bytes);
      return true;
    }
  }
  std::vector<uint8_t> storage;
  MessageRights rights;
  if (!dictionary_to_bytes(dictionary, storage, rights)) return false;
  if (rights.empty()) {
    *body = Body(std::move(storage));
    return true;
  }
  ReceivedRights received;
  if (!rights_.receive(rights, &received)) return false;
  prepend_table(received.entries(), storage);
  *body = Body(std::move(storage), std::move(received));
  return true;
}

}  // namespace launchport
