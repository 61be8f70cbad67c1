// hiredis's types, and its functions by their addresses: the library is opened when Redis is first needed, so that a server
// without Redis neither loads it nor needs it installed. So the module map names no library to link. The library's name
// carries the version of the header, since the layout of its structures follows from that.
#pragma once
#include <dlfcn.h>
#include <hiredis/hiredis.h>

#define SIGNET_TEXT(x) #x
#define SIGNET_TEXT_OF(x) SIGNET_TEXT(x)
#define SIGNET_HIREDIS "libhiredis.so." SIGNET_TEXT_OF(HIREDIS_SONAME)

struct signet_redis {
  redisContext *(*connect)(const char *host, int port, const struct timeval patience);
  redisContext *(*connect_unix)(const char *path, const struct timeval patience);
  int (*set_timeout)(redisContext *context, const struct timeval patience);
  int (*append)(redisContext *context, int count, const char **words, const size_t *sizes);
  int (*write)(redisContext *context, int *isDone);
  int (*read)(redisContext *context);
  int (*reply)(redisReader *reader, void **reply);
  void (*free_reply)(void *reply);
  void (*free)(redisContext *context);
};

static inline int signet_redis_find(void *library, const char *name, void **function) {
  *function = dlsym(library, name);
  return *function != 0;
}

// Opens the library for as long as the process lives. Null when all went well, else the reason.
static inline const char *signet_redis_open(struct signet_redis *redis) {
  void *library = dlopen(SIGNET_HIREDIS, RTLD_NOW | RTLD_LOCAL);
  if (!library) return dlerror();
  int found = signet_redis_find(library, "redisConnectWithTimeout", (void **)&redis->connect) &&
              signet_redis_find(library, "redisConnectUnixWithTimeout", (void **)&redis->connect_unix) &&
              signet_redis_find(library, "redisSetTimeout", (void **)&redis->set_timeout) &&
              signet_redis_find(library, "redisAppendCommandArgv", (void **)&redis->append) &&
              signet_redis_find(library, "redisBufferWrite", (void **)&redis->write) &&
              signet_redis_find(library, "redisBufferRead", (void **)&redis->read) &&
              signet_redis_find(library, "redisReaderGetReply", (void **)&redis->reply) &&
              signet_redis_find(library, "freeReplyObject", (void **)&redis->free_reply) &&
              signet_redis_find(library, "redisFree", (void **)&redis->free);
  return found ? 0 : dlerror();
}

// Nothing that Signet asks is answered by an array: room for one, whose size the other side names, is never made.
#if HIREDIS_MAJOR >= 1
static inline void *signet_redis_no_array(const redisReadTask *task, size_t count) {
#else
static inline void *signet_redis_no_array(const redisReadTask *task, int count) {
#endif
  (void)task;
  (void)count;
  return 0;
}

static inline void signet_redis_refuse_arrays(redisContext *context, redisReplyObjectFunctions *functions) {
  *functions = *context->reader->fn;
  functions->createArray = signet_redis_no_array;
  context->reader->fn = functions;
}

static inline const char *signet_redis_error(const redisContext *context) { return context->errstr; }
