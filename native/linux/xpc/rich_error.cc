#include "rich_error.h"

#include "encoder.h"
#include "serialization.h"

namespace xpc {

Ref<Object> RichError::make(const char* text, size_t length, bool can_retry) {
  return Ref<Object>::adopt(new RichError(text, length, can_retry));
}

bool RichError::equals(const Object& other) const {
  const auto& theirs = static_cast<const RichError&>(other);
  return can_retry_ == theirs.can_retry_ && text_ == theirs.text_;
}

size_t RichError::hash() const { return combine_hash(can_retry_, std::hash<std::string>()(text_)); }

void RichError::describe(std::string& text) const { text += " { \"" + text_ + "\" }"; }

void RichError::encode(Encoder& encoder) const {
  encoder.write_word(TypeWord::rich_error);
  encoder.write_value(static_cast<uint32_t>(text_.size() + kRichErrorOverhead));
  encoder.write_value(uint32_t{can_retry_});
  encoder.write_value(uint64_t{text_.size()});
  encoder.write_bytes(text_.c_str(), text_.size() + 1);
}

}  // namespace xpc
