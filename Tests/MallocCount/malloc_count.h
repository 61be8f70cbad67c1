// What the counter of allocations writes, for the programs that read it. It offers no function: see count.c.

#ifndef MALLOC_COUNT_H
#define MALLOC_COUNT_H

#include <stdint.h>

enum { MALLOC_OBJECTS = 32, MALLOC_NAME = 56 };

// One loaded object and the allocations that its own code asked for.
struct malloc_object {
  char name[MALLOC_NAME];
  uint64_t count;
};

// The mapped file. The first object is the executable, the last stands for every one that was loaded later.
struct malloc_counts {
  struct malloc_object objects[MALLOC_OBJECTS];
};

#endif
