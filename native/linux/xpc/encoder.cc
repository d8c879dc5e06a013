#include "encoder.h"

#include <cstdlib>
#include <cstring>

#include "object.h"

namespace xpc {

bool Encoder::write_document(const Object& object) {
  write_value(kSerializationMagic);
  write_value(kSerializationVersion);
  object.encode(*this);
  return !is_failed_;
}

bool Encoder::write_message(const Object& object, SentRights& rights) {
  rights_ = &rights;
  const size_t start = output_.size();
  const bool is_written = write_document(object);
  if (!rights.is_empty()) std::memcpy(output_.data() + start, &kMessageMagic, sizeof kMessageMagic);
  return is_written;
}

void Encoder::write_right(TypeWord word, const Object& owner, int descriptor) {
  write_word(word);
  if (rights_ == nullptr) {
    fail();
    return;
  }
  rights_->descriptors.push_back(descriptor);
  rights_->owners.emplace_back(&owner);
}

void Encoder::append(const void* bytes, size_t length) {
  if (length == 0) return;
  const size_t start = output_.size();
  output_.resize(start + length);
  std::memcpy(output_.data() + start, bytes, length);
}

void Encoder::write_bytes(const void* bytes, size_t length) {
  append(bytes, length);
  output_.resize(output_.size() + padded(length) - length);
}

void Encoder::write_key(std::string_view key) {
  append(key.data(), key.size());
  output_.resize(output_.size() + padded(key.size() + 1) - key.size());
}

Encoder::Container::Container(Encoder& encoder, TypeWord word, size_t count) : encoder_(encoder) {
  ++encoder.depth_;
  if (encoder.depth_ > kMaximumDepth || count > UINT32_MAX) encoder.fail();
  encoder.write_word(word);
  length_position_ = encoder.output_.size();
  encoder.write_value(uint32_t{0});
  encoder.write_value(static_cast<uint32_t>(count));
}

Encoder::Container::~Container() {
  --encoder_.depth_;
  const size_t length = encoder_.output_.size() - length_position_ - sizeof(uint32_t);
  if (length > UINT32_MAX) encoder_.fail();
  const auto word = static_cast<uint32_t>(length);
  std::memcpy(encoder_.output_.data() + length_position_, &word, sizeof word);
}

}  // namespace xpc

extern "C" void* xpc_make_serialization(xpc_object_t object, size_t* length) {
  std::vector<uint8_t> output;
  if (object == nullptr || !xpc::Encoder(output).write_document(*xpc::Object::from(object))) return nullptr;
  void* copy = std::malloc(output.size());
  if (copy == nullptr) return nullptr;
  std::memcpy(copy, output.data(), output.size());
  *length = output.size();
  return copy;
}
