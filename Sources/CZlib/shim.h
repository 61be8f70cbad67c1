// zlib's compress2 by its address: the library is opened when the first status list is made. So the module map names no library
// to link, and since these two functions have been the same since 1996, no header is needed.
#pragma once
#include <dlfcn.h>

struct signet_zlib {
  int (*compress)(unsigned char *output, unsigned long *size, const unsigned char *input, unsigned long count, int level);
  unsigned long (*bound)(unsigned long count);
};

// Opens the library for as long as the process lives. Null when all went well, else the reason.
static inline const char *signet_zlib_open(struct signet_zlib *zlib) {
  void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return dlerror();
  *(void **)&zlib->compress = dlsym(library, "compress2");
  *(void **)&zlib->bound = dlsym(library, "compressBound");
  return zlib->compress && zlib->bound ? 0 : dlerror();
}
