#include "reply_token.h"

#include <utility>

#include "message_connection.h"

namespace xpc {

ReplyToken::ReplyToken() = default;

ReplyToken::ReplyToken(Ref<MessageConnection> connection, uint64_t id, uint32_t generation)
    : connection_(std::move(connection)), id_(id), generation_(generation) {}

ReplyToken::ReplyToken(ReplyToken&& other) noexcept = default;

ReplyToken& ReplyToken::operator=(ReplyToken&& other) noexcept {
  if (this == &other) return *this;
  drop();
  connection_ = std::move(other.connection_);
  id_ = other.id_;
  generation_ = other.generation_;
  return *this;
}

ReplyToken::~ReplyToken() { drop(); }

void ReplyToken::use() { connection_.reset(); }

void ReplyToken::drop() {
  if (!connection_) return;
  const Ref<MessageConnection> connection = std::move(connection_);
  // On any thread, and amid anything: other calls that wait are not made now.
  if (connection->is_on_loop()) {
    connection->drop_request(id_, generation_);
  } else {
    connection->post([target = connection.get(), id = id_, generation = generation_]() {
      target->drop_request(id, generation);
    });
  }
}

}  // namespace xpc
