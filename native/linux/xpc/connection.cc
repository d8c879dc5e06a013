#include "connection.h"

#include <utility>

#include "misuse.h"

namespace xpc {

Connection::Connection(Kind kind, std::string name, LoopQueue* queue)
    : kind_(kind), name_(std::move(name)), queue_(queue) {
  if (queue_ != nullptr) queue_->add(*this);
}

Connection::~Connection() {
  if (queue_ != nullptr) queue_->remove(*this);
}

Connection* Connection::from(xpc_connection_t connection) {
  if (connection == nullptr) misuse("NULL connection");
  return static_cast<Connection*>(reinterpret_cast<Object*>(connection));
}

void Connection::dispose() {
  if (is_inactive()) misuse("release of the last reference to an inactive connection");
  destroy();
}

void Connection::set_queue(LoopQueue* queue) {
  if (queue == queue_) return;
  if (!is_inactive() || queue == nullptr) misuse("the queue of an active connection cannot change");
  if (queue_ != nullptr) queue_->remove(*this);
  queue_ = queue;
  queue_->add(*this);
}

void Connection::set_event_handler(xpc_handler_t handler) {
  if (phase_ == Phase::ended) return;
  handler_ = std::make_shared<xpc_handler_t>(std::move(handler));
}

bool Connection::is_on_loop() const {
  if (queue_ == nullptr) return false;
  queue_->assert_on_loop();
  return true;
}

void Connection::activate() {
  if (!is_inactive()) return;
  if (queue_ == nullptr) misuse("activation of a connection without a queue");
  queue_->assert_on_loop();
  phase_ = Phase::active;
  self_ = Ref<Connection>(this);
  if (is_cancelled_) {
    fail();
  } else {
    start();
  }
}

void Connection::suspend() {
  ++suspensions_;
  if (is_on_loop() && is_running()) update_flow();
}

void Connection::resume() {
  if (suspensions_ == 0) {
    if (!is_inactive()) misuse("over-resume of a connection");
    activate();
    return;
  }
  --suspensions_;
  if (suspensions_ > 0 || !is_on_loop() || is_inactive()) return;
  if (is_running()) update_flow();
  schedule();
}

void Connection::cancel() {
  if (is_cancelled_) return;
  is_cancelled_ = true;
  if (is_on_loop() && is_running()) fail();
}

void Connection::fail() {
  if (!is_running()) return;
  phase_ = Phase::ending;
  stop();
  schedule();
}

void Connection::schedule() {
  if (is_scheduled_ || queue_ == nullptr) return;
  is_scheduled_ = true;
  queue_->schedule(*this);
}

void Connection::run_deferred() {
  is_scheduled_ = false;
  if (queue_ == nullptr || (suspensions_ > 0 && phase_ != Phase::ended)) return;
  run_due();
  if (phase_ == Phase::ending && suspensions_ == 0) finish();
}

void Connection::finish() {
  phase_ = Phase::ended;
  deliver(XPC_ERROR_CONNECTION_INVALID);
  handler_.reset();
  self_.reset();  // the caller holds another reference
}

void Connection::abandon() {
  const Ref<Connection> alive(this);
  const bool is_stopped = phase_ == Phase::ending || phase_ == Phase::ended;
  phase_ = Phase::ended;
  if (!is_stopped) stop();
  queue_ = nullptr;
  forget_handlers();
  handler_.reset();
  self_.reset();
}

void Connection::deliver(xpc_object_t event) {
  const std::shared_ptr<xpc_handler_t> handler = handler_;
  if (handler != nullptr && *handler) (*handler)(event);
}

void Connection::describe(std::string& text) const {
  text += " { name = ";
  text += name_.empty() ? "(none)" : name_.c_str();
  text += " }";
}

}  // namespace xpc
