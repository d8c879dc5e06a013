// The C functions about queues.
#include <dispatch/dispatch.h>

#include "queue_thread.h"
#include "xpc/misuse.h"
#include "xpc/queue.h"

using namespace xpc;

extern "C" {

dispatch_queue_t dispatch_queue_create(const char* label, dispatch_queue_attr_t attributes) {
  if (attributes != DISPATCH_QUEUE_SERIAL) misuse("only serial queues are supported");
  return QueueThread::start(label);
}

void dispatch_async_f(dispatch_queue_t queue, void* context, dispatch_function_t work) {
  LoopQueue::from(queue)->async(work, context);
}

void dispatch_suspend(dispatch_object_t queue) { LoopQueue::from(queue)->suspend(); }

void dispatch_resume(dispatch_object_t queue) { LoopQueue::from(queue)->resume(); }

void dispatch_retain(dispatch_object_t queue) { LoopQueue::from(queue)->retain(); }

void dispatch_release(dispatch_object_t queue) { LoopQueue::from(queue)->release(); }

void dispatch_set_context(dispatch_object_t queue, void* context) { LoopQueue::from(queue)->set_context(context); }

void dispatch_set_finalizer_f(dispatch_object_t queue, dispatch_function_t finalizer) {
  LoopQueue::from(queue)->set_finalizer(finalizer);
}

}  // extern "C"
