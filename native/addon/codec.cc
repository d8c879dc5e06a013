#include "codec.h"

#include "platform.h"
#include "transcode.h"

namespace launchport {

Object Codec::decode(Bytes bytes) const {
  if (!is_transcoding_) {
    if (Object object = platform::dictionary_from_serialized(bytes)) return object;
  }
  return dictionary_from_bytes(bytes);
}

bool Codec::fill(xpc_object_t reply, Bytes bytes) const {
  if (!is_transcoding_ && platform::fill_reply_from_serialized(reply, bytes)) return true;
  return fill_dictionary(reply, bytes);
}

bool Codec::encode(xpc_object_t dictionary, Body* body) const {
  if (!is_transcoding_) {
    const Bytes bytes = platform::serialized_form(dictionary);
    if (bytes.size() > kMaxBodyBytes) return false;
    if (!bytes.empty()) {
      *body = Body(Object::retain(dictionary), bytes);
      return true;
    }
  }
  std::vector<uint8_t> storage;
  if (!dictionary_to_bytes(dictionary, storage)) return false;
  *body = Body(std::move(storage));
  return true;
}

}  // namespace launchport
