// One port of the binding: the channels, tokens and records of one `Binding.open`.
#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "codec.h"
#include "environment.h"
#include "inbox.h"
#include "outbox.h"
#include "platform.h"
#include "problem.h"
#include "reply_table.h"
#include "right_table.h"
#include "slot_table.h"
#include "targets.h"

namespace launchport {

class Channel;

struct Statistics {
  size_t connections = 0;
  size_t listeners = 0;
  size_t open_tokens = 0;
  uint64_t messages_sent = 0;
  uint64_t messages_received = 0;
  uint64_t deliveries = 0;
  uint64_t wake_ups = 0;
  uint64_t peers_refused = 0;
  size_t rights = 0;
};

// Made and closed on the JavaScript thread; destroyed wherever the last handler lets go of it.
class Port final : public Resource, public std::enable_shared_from_this<Port> {
 public:
  Port(Environment& environment, Napi::Function deliver, Napi::ArrayBuffer inbox);

  // JavaScript thread, behind `Port` of binding.ts. Types of arguments are checked by the caller. What makes something
  // gives 0 on failure: with the problem, or when there are too many.
  uint32_t connect(const ConnectTarget& target, Problem* problem);
  uint32_t listen(const ListenTarget& target, Problem* problem);
  uint32_t make_endpoint(uint32_t listener, Problem* problem);
  uint32_t make_memory(size_t byte_length, Problem* problem);
  void activate(uint32_t handle);
  void cancel(uint32_t handle);
  void suspend(uint32_t handle);
  // False when there is no `suspend` to undo.
  bool resume(uint32_t handle);
  void barrier(uint32_t handle);
  Credentials peer(uint32_t handle);
  // `flush` follows the last of several.
  void send(const OutRecord& record);
  void flush() { queue_.flush(); }
  void drop(uint32_t token) { replies_.take(token); }
  void set_active(bool is_active);
  void set_busy(bool is_busy);
  void announce_termination();
  Statistics statistics();
  void close() override;

  // Any thread.
  bool is_closed() const { return is_closed_.load(std::memory_order_acquire); }
  const Codec& codec() const { return codec_; }
  ReplyTable& replies() { return replies_; }
  RightTable& rights() { return rights_; }
  dispatch_queue_t queue() const { return queue_.get(); }
  // 0 when there are too many.
  uint32_t add(std::shared_ptr<Channel> channel);

  // Any thread. On the JavaScript thread notify_from_js must follow.
  void report_body(Inbound kind, uint32_t handle, uint32_t id, Body body);
  void report_event(uint32_t handle, Event event, Failure failure, std::string_view text);
  void report_request_failed(uint32_t handle, uint32_t id, Failure failure, std::string_view text);
  void report_peer(Inbound kind, uint32_t handle, uint32_t peer, const Credentials& credentials);
  // Frees the handle, and with it every token, and reports the final event.
  void report_finished(Channel& channel, std::string_view reason);
  void notify_from_js() { queue_.notify_from_js(); }
  void count_sent() { sent_.fetch_add(1, std::memory_order_relaxed); }
  void count_refused() { refused_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::shared_ptr<Channel> find(uint32_t handle);
  // Of a new connection. False, with the problem, when that cannot be; the connection is then of no more use.
  bool require(const ConnectionRef& connection, const PeerRequirement& requirement, Problem* problem);
  void appended(bool is_high);
  void drain();
  bool deliver_batch(Napi::Env env);
  void call_deliver(Napi::Env env, size_t byte_length);

  Environment& environment_;  // JavaScript thread, while not closed
  RightTable rights_;          // destroyed after all that holds received rights
  const Codec codec_;
  Inbox inbox_;
  ReplyTable replies_;
  std::mutex channels_mutex_;                         // guards channels_; nothing is called under it
  SlotTable<std::shared_ptr<Channel>, 16> channels_;  // channels_mutex_
  size_t listeners_ = 0;                              // channels_mutex_: how many of them are listeners
  std::atomic<bool> is_closed_ = false;
  std::atomic<uint64_t> sent_ = 0;
  std::atomic<uint64_t> received_ = 0;
  std::atomic<uint64_t> refused_ = 0;
  uint64_t deliveries_ = 0;                     // JavaScript thread
  uint64_t wake_ups_ = 0;                       // JavaScript thread
  bool is_draining_ = false;                    // JavaScript thread
  bool is_busy_ = false;                        // JavaScript thread: holds a transaction
  Napi::FunctionReference deliver_;             // JavaScript thread, empty once closed
  Napi::Reference<Napi::ArrayBuffer> inbox_buffer_;  // JavaScript thread, empty once closed
  std::unique_ptr<Napi::AsyncContext> async_context_;  // JavaScript thread, empty once closed and drained
  std::vector<Body> large_;                     // JavaScript thread, scratch
  platform::Queue queue_;                       // last: destroyed first
};

Credentials credentials_of(xpc_connection_t connection);

}  // namespace launchport
