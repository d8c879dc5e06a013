#include "connection.h"

#include <utility>

#include "misuse.h"

namespace xpc {

Connection::Connection(Kind kind, std::string name, LoopQueue* queue) : kind_(kind), name_(std::move(name)) {
  if (queue != nullptr) set_queue(queue);
}

Connection::~Connection() {
  if (holds_queue_) queue_->release();
}

Connection* Connection::from(xpc_connection_t connection) {
  if (connection == nullptr) misuse("NULL connection");
  return static_cast<Connection*>(reinterpret_cast<Object*>(connection));
}

void Connection::dispose() {
  // A closed queue lets go of all it had, whatever they were at.
  if (is_inactive() && !(queue_ != nullptr && queue_->is_closed())) {
    misuse("release of the last reference to an inactive connection");
  }
  destroy();
}

void Connection::set_queue(LoopQueue* queue) {
  if (queue == queue_.get()) return;
  if (!enter_loop()) misuse("the queue is changed on the queue that the connection has");
  if (!is_inactive() || queue == nullptr) misuse("the queue of an active connection cannot change");
  // Its listener, which is of the same loop, knows it.
  if (kind_ == Kind::peer && queue_ != nullptr && queue->loop() != queue_->loop()) misuse("a peer cannot change threads");
  queue->retain();
  if (holds_queue_) queue_->release();
  holds_queue_ = true;
  queue_ = queue->shared_from_this();
}

void Connection::set_event_handler(xpc_handler_t handler) {
  if (phase_ == Phase::ended) return;
  handler_ = std::make_shared<xpc_handler_t>(std::move(handler));
}

void Connection::activate() {
  if (!is_inactive()) return;
  if (queue_ == nullptr) misuse("activation of a connection without a queue");
  if (queue() == nullptr) {
    abandon();
    return;
  }
  phase_ = Phase::active;
  self_ = Ref<Connection>(this);
  queue_->add(*this);
  if (is_cancelled_) {
    fail();
  } else {
    start();
  }
}

void Connection::suspend() {
  ++suspensions_;
  if (is_running()) update_flow();
}

void Connection::resume() {
  if (suspensions_ == 0) {
    if (!is_inactive()) misuse("over-resume of a connection");
    activate();
    return;
  }
  --suspensions_;
  if (suspensions_ > 0 || is_inactive()) return;
  if (is_running()) update_flow();
  schedule();
}

void Connection::cancel() {
  if (is_cancelled_) return;
  is_cancelled_ = true;
  fail();
}

void Connection::fail() {
  if (!is_running()) return;
  phase_ = Phase::ending;
  stop();
  schedule();
}

void Connection::schedule() {
  if (is_scheduled_ || queue() == nullptr) return;
  is_scheduled_ = true;
  queue_->schedule(*this);
}

void Connection::run_deferred() {
  is_scheduled_ = false;
  if (queue() == nullptr || (suspensions_ > 0 && phase_ != Phase::ended)) return;
  run_due();
  if (phase_ == Phase::ending && suspensions_ == 0) finish();
}

void Connection::finish() {
  phase_ = Phase::ended;
  deliver(XPC_ERROR_CONNECTION_INVALID);
  end();  // the caller holds another reference
}

void Connection::end() {
  phase_ = Phase::ended;
  handler_.reset();
  // The last event's handler may have closed the queue.
  if (!std::exchange(holds_queue_, false)) return;
  queue_->remove(*this);
  queue_->release();
  self_.reset();
}

void Connection::abandon() {
  const Ref<Connection> alive(this);
  if (is_inactive() || is_running()) {
    phase_ = Phase::ending;
    stop();
  }
  forget_handlers();
  end();
}

void Connection::call(const xpc_handler_t& handler, xpc_object_t argument) {
  queue_->begin_handler();
  handler(argument);
}

void Connection::deliver(xpc_object_t event) {
  const std::shared_ptr<xpc_handler_t> handler = handler_;
  if (handler != nullptr && *handler) call(*handler, event);
}

void Connection::describe(std::string& text) const {
  text += " { name = ";
  text += name_.empty() ? "(none)" : name_.c_str();
  text += " }";
}

}  // namespace xpc
