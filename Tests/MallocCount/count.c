// An object for LD_PRELOAD that counts an unmodified program's allocations, by the object whose code asks for them.
//
// SIGNET_MALLOCS names a file that is mapped and counted in (struct malloc_counts), so that a test can take the
// difference over requests it sends while the program runs. An allocation belongs to the object that holds the return
// address: the executable contains Swift's runtime, so what Swift allocates is the executable's own, and what OpenSSL,
// SQLite or the C library allocate within a call is theirs. Without the variable it counts nothing.

#define _GNU_SOURCE
#include "malloc_count.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
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
static uintptr_t executable_base;
static struct malloc_counts *counts;
// The unwinder may allocate.
static __thread bool is_recording;

static void add(uint64_t *number, uint64_t more) { __atomic_fetch_add(number, more, __ATOMIC_RELAXED); }

static int object_of(uintptr_t address) {
  for (int index = 0; index < range_count; index++)
    if (address >= ranges[index].from && address < ranges[index].to) return ranges[index].object;
  return MALLOC_OBJECTS - 1;
}

// The C library's `backtrace`, and not frame pointers: Swift's runtime has none.
static void record(size_t size) {
  void *callers[MALLOC_FRAMES + 2];
  uint64_t frames[MALLOC_FRAMES] = {0}, key = 0x9E3779B97F4A7C15;
  int depth = backtrace(callers, MALLOC_FRAMES + 2);
  for (int index = 2; index < depth; index++) {
    uintptr_t address = (uintptr_t)callers[index];
    frames[index - 2] = object_of(address) == 0 ? address - executable_base : 0;
    key = (key ^ frames[index - 2]) * 0xBF58476D1CE4E5B9;
    key ^= key >> 29;
  }
  key |= 1;
  for (unsigned step = 0; step < MALLOC_SITES; step++) {
    struct malloc_site *site = &counts->sites[(key + step) % MALLOC_SITES];
    uint64_t none = 0;
    if (__atomic_compare_exchange_n(&site->key, &none, key, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      memcpy(site->frames, frames, sizeof frames);
    else if (none != key) continue;
    add(&site->count, 1);
    add(&site->bytes, size);
    return;
  }
}

static inline __attribute__((always_inline)) void count(void *caller, size_t size) {
  if (!counts) return;
  int object = object_of((uintptr_t)caller);
  add(&counts->objects[object].count, 1);
  if (object || is_recording || !__atomic_load_n(&counts->records_sites, __ATOMIC_RELAXED)) return;
  is_recording = true;
  record(size);
  is_recording = false;
}

void *malloc(size_t size) {
  count(__builtin_return_address(0), size);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(__builtin_return_address(0), number * size);
  return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  count(__builtin_return_address(0), size);
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  count(__builtin_return_address(0), size);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count(__builtin_return_address(0), size);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  count(__builtin_return_address(0), size);
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
  if (!object_count) executable_base = info->dlpi_addr;
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
  void *first[1];
  backtrace(first, 1);  // loads the unwinder now rather than within an allocation
  counts = mapped;
  dl_iterate_phdr(note, NULL);
  strncpy(counts->objects[MALLOC_OBJECTS - 1].name, "loaded later", MALLOC_NAME - 1);
}
