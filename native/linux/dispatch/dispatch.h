// The little of libdispatch that the XPC API speaks of: queues, and work put on them. Names and meanings are those
// of dispatch/queue.h. On Linux a queue is bound to a libuv loop (see loop.h), so its work runs on the loop's thread.
#pragma once

#include <functional>

typedef struct dispatch_queue_s* dispatch_queue_t;
typedef void (*dispatch_function_t)(void* context);

// A block on macOS. A lambda written in place converts to both.
typedef std::function<void(void)> dispatch_block_t;

extern "C" {
// Runs the function on the queue, after the work put there before; never before dispatch_async_f returns.
void dispatch_async_f(dispatch_queue_t queue, void* context, dispatch_function_t work);
void dispatch_retain(dispatch_queue_t queue);
void dispatch_release(dispatch_queue_t queue);
}
