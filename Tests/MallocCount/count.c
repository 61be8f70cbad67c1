// An object for LD_PRELOAD that counts an unmodified program's allocations, by the object whose code asks for them.
//
// SIGNET_MALLOCS names a file that is mapped and counted in (struct malloc_counts), so that a test can take the
// difference over requests it sends while the program runs. An allocation belongs to the object that holds the return
// address: the executable contains Swift's runtime, so what Swift allocates is the executable's own, and what OpenSSL,
// SQLite or the C library allocate within a call is theirs. Without the variable it counts nothing.

#define _GNU_SOURCE
#include "malloc_count.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// The C library's own, which need no search for the next definition; that search would allocate.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

enum { RANGES = 2 * MALLOC_OBJECTS };

// Executable memory and the object it belongs to; written by the constructor alone.
static struct range {
  uintptr_t from, to;
  int object;
} ranges[RANGES];
static int range_count, object_count;
static struct malloc_counts *counts;

static void add(uint64_t *number, uint64_t more) { __atomic_fetch_add(number, more, __ATOMIC_RELAXED); }

static int object_of(uintptr_t address) {
  for (int index = 0; index < range_count; index++)
    if (address >= ranges[index].from && address < ranges[index].to) return ranges[index].object;
  return MALLOC_OBJECTS - 1;
}

static inline __attribute__((always_inline)) void count(void *caller) {
  if (counts) add(&counts->objects[object_of((uintptr_t)caller)].count, 1);
}

void *malloc(size_t size) {
  count(__builtin_return_address(0));
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(__builtin_return_address(0));
  return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  count(__builtin_return_address(0));
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  if (alignment < sizeof(void *) || alignment & (alignment - 1)) return EINVAL;
  int error = errno;
  void *memory = __libc_memalign(alignment, size);
  errno = error;
  if (!memory) return ENOMEM;
  *result = memory;
  return 0;
}

static int note(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  (void)context;
  if (object_count == MALLOC_OBJECTS - 1) return 1;
  const char *slash = strrchr(info->dlpi_name, '/');
  const char *name = object_count ? (slash ? slash + 1 : info->dlpi_name) : program_invocation_short_name;
  strncpy(counts->objects[object_count].name, name, MALLOC_NAME - 1);
  for (int index = 0; index < info->dlpi_phnum && range_count < RANGES; index++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[index];
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X)) continue;
    uintptr_t from = info->dlpi_addr + segment->p_vaddr;
    ranges[range_count++] = (struct range){from, from + segment->p_memsz, object_count};
  }
  object_count++;
  return 0;
}

// Runs before `main`.
__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("SIGNET_MALLOCS");
  if (!path) return;
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  void *mapped = MAP_FAILED;
  if (!ftruncate(file, (off_t)sizeof *counts))
    mapped = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped == MAP_FAILED) return;
  counts = mapped;
  dl_iterate_phdr(note, NULL);
  strncpy(counts->objects[MALLOC_OBJECTS - 1].name, "loaded later", MALLOC_NAME - 1);
}
