// The right to answer one received request, on one thread at a time. Whoever lets it go unused tells the client that no
// reply will come.
#pragma once

#include <cstdint>

#include "ref.h"

namespace xpc {

class MessageConnection;

class ReplyToken {
 public:
  ReplyToken();
  // `generation` names the socket that the request came by: a reply cannot go out by a later one.
  ReplyToken(Ref<MessageConnection> connection, uint64_t id, uint32_t generation);
  ReplyToken(ReplyToken&& other) noexcept;
  ReplyToken& operator=(ReplyToken&& other) noexcept;
  // Drops the request, if the token was not used.
  ~ReplyToken();

  explicit operator bool() const { return static_cast<bool>(connection_); }
  MessageConnection* connection() const { return connection_.get(); }
  uint64_t id() const { return id_; }
  uint32_t generation() const { return generation_; }
  // The request is answered.
  void use();

 private:
  void drop();

  Ref<MessageConnection> connection_;  // null when empty or used
  uint64_t id_ = 0;
  uint32_t generation_ = 0;
};

}  // namespace xpc
