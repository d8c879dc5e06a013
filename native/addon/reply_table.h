// Requests that wait for an answer from JavaScript.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "handle.h"
#include "slot_table.h"

namespace launchport {

class Connection;

// A reply that xpc_dictionary_create_reply made, still empty, and the connection it must go out on.
struct PendingReply {
  Object reply;
  std::shared_ptr<Connection> connection;
};

// Tokens to pending replies. Releasing a reply unsent tells the client that none will come.
class ReplyTable {
 public:
  // Any thread. The token; 0 when there are too many, or none is taken any more.
  uint32_t insert(PendingReply pending);
  // Any thread. Nothing when the token is unknown or used up.
  std::optional<PendingReply> take(uint32_t token);
  // Any thread: releases every reply for `connection`, which is dead.
  void remove_all_of(const Connection& connection);
  // JavaScript thread: releases every reply, and takes none from now on.
  void close();
  // JavaScript thread.
  size_t size();

 private:
  struct Entry {
    PendingReply pending;
    uint32_t previous = 0;  // tokens of the same connection; 0 at either end
    uint32_t next = 0;
  };

  void unlink(const Entry& entry);

  std::mutex mutex_;              // guards the rest and the connections' token lists; nothing is called under it
  SlotTable<Entry, 20> entries_;  // a million requests in work
  bool is_closed_ = false;
};

}  // namespace launchport
