// The little of libdispatch that the XPC API and the addon speak of: queues, and work put on them. Names and meanings
// are those of dispatch/queue.h and dispatch/object.h, in their C form. What libdispatch crashes for, aborts here.
//
// A queue made here owns a thread. One made by xpc_loop_queue_create (see xpc/loop.h) is bound to a libuv loop: its
// work runs on the loop's own thread.
#pragma once

#include <functional>

typedef struct dispatch_queue_s* dispatch_queue_t;
typedef struct dispatch_queue_attr_s* dispatch_queue_attr_t;
typedef dispatch_queue_t dispatch_object_t;
typedef void (*dispatch_function_t)(void* context);

// A block on macOS. A lambda written in place converts to both.
typedef std::function<void(void)> dispatch_block_t;

#define DISPATCH_QUEUE_SERIAL nullptr

extern "C" {
// Any thread. A serial queue, and no other; its label is copied. Never NULL.
dispatch_queue_t dispatch_queue_create(const char* label, dispatch_queue_attr_t attributes);
// Any thread. Runs the function on the queue, after the work put there before; never before dispatch_async_f returns.
void dispatch_async_f(dispatch_queue_t queue, void* context, dispatch_function_t work);
// Any thread. Nothing is started on the queue until it is resumed as often as suspended. Resuming it more often aborts.
void dispatch_suspend(dispatch_object_t queue);
void dispatch_resume(dispatch_object_t queue);
// Any thread. A queue outlives its last reference until the work put there has run and the XPC connections on it have
// ended. Giving up the last reference to a suspended queue aborts.
void dispatch_retain(dispatch_object_t queue);
void dispatch_release(dispatch_object_t queue);
// Before the queue is shared. The finalizer gets the context, if that is not NULL, when nothing runs on the queue any
// more; on any thread.
void dispatch_set_context(dispatch_object_t queue, void* context);
void dispatch_set_finalizer_f(dispatch_object_t queue, dispatch_function_t finalizer);
}
