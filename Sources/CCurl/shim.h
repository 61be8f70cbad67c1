// libcurl's constants and types, and its functions by their addresses: the library is opened when something is first
// fetched, since linking it would cost each start of a program half a millisecond and a megabyte. So the module map
// names no library to link. The variadic functions are called with the one type that each option takes.
#pragma once
#include <curl/curl.h>
#include <dlfcn.h>

struct signet_curl {
  CURLcode (*global_init)(long flags);
  CURL *(*easy_init)(void);
  void (*easy_reset)(CURL *handle);
  void (*easy_cleanup)(CURL *handle);
  CURLcode (*easy_perform)(CURL *handle);
  CURLcode (*easy_setopt)(CURL *handle, CURLoption option, ...);
  CURLcode (*easy_getinfo)(CURL *handle, CURLINFO info, ...);
  const char *(*easy_strerror)(CURLcode code);
  struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
  void (*slist_free_all)(struct curl_slist *list);
};

static inline int signet_curl_find(void *library, const char *name, void **function) {
  *function = dlsym(library, name);
  return *function != 0;
}

// Opens the library, for as long as the process lives, and starts it. Null when all went well, else the reason.
static inline const char *signet_curl_open(struct signet_curl *curl) {
  void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!library) return dlerror();
  int found = signet_curl_find(library, "curl_global_init", (void **)&curl->global_init) &&
              signet_curl_find(library, "curl_easy_init", (void **)&curl->easy_init) &&
              signet_curl_find(library, "curl_easy_reset", (void **)&curl->easy_reset) &&
              signet_curl_find(library, "curl_easy_cleanup", (void **)&curl->easy_cleanup) &&
              signet_curl_find(library, "curl_easy_perform", (void **)&curl->easy_perform) &&
              signet_curl_find(library, "curl_easy_setopt", (void **)&curl->easy_setopt) &&
              signet_curl_find(library, "curl_easy_getinfo", (void **)&curl->easy_getinfo) &&
              signet_curl_find(library, "curl_easy_strerror", (void **)&curl->easy_strerror) &&
              signet_curl_find(library, "curl_slist_append", (void **)&curl->slist_append) &&
              signet_curl_find(library, "curl_slist_free_all", (void **)&curl->slist_free_all);
  if (!found) return dlerror();
  return curl->global_init(CURL_GLOBAL_DEFAULT) ? "curl_global_init failed" : 0;
}

typedef size_t (*signet_curl_sink)(char *bytes, size_t size, size_t count, void *context);
typedef int (*signet_curl_progress)(
    void *context, curl_off_t toGet, curl_off_t got, curl_off_t toSend, curl_off_t sent);

static inline CURLcode signet_curl_number(const struct signet_curl *curl, CURL *handle, CURLoption option, long value) {
  return curl->easy_setopt(handle, option, value);
}

// libcurl keeps a copy, but for CURLOPT_ERRORBUFFER.
static inline CURLcode signet_curl_text(
    const struct signet_curl *curl, CURL *handle, CURLoption option, const char *value) {
  return curl->easy_setopt(handle, option, value);
}

static inline CURLcode signet_curl_buffer(const struct signet_curl *curl, CURL *handle, char *buffer) {
  return curl->easy_setopt(handle, CURLOPT_ERRORBUFFER, buffer);
}

static inline CURLcode signet_curl_fields(const struct signet_curl *curl, CURL *handle, struct curl_slist *fields) {
  return curl->easy_setopt(handle, CURLOPT_HTTPHEADER, fields);
}

// Where the answer's field lines and its body go, and who is asked whether to go on.
static inline CURLcode signet_curl_callbacks(
    const struct signet_curl *curl, CURL *handle, signet_curl_sink head, signet_curl_sink body,
    signet_curl_progress progress, void *context) {
  CURLcode code = curl->easy_setopt(handle, CURLOPT_HEADERFUNCTION, head);
  if (!code) code = curl->easy_setopt(handle, CURLOPT_HEADERDATA, context);
  if (!code) code = curl->easy_setopt(handle, CURLOPT_WRITEFUNCTION, body);
  if (!code) code = curl->easy_setopt(handle, CURLOPT_WRITEDATA, context);
  if (!code) code = curl->easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, progress);
  if (!code) code = curl->easy_setopt(handle, CURLOPT_XFERINFODATA, context);
  if (!code) code = curl->easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  return code;
}

// By the bits, which every libcurl understands; the names that replace them came with 7.85.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
static inline CURLcode signet_curl_protocols(const struct signet_curl *curl, CURL *handle, int isSecure) {
  return curl->easy_setopt(handle, CURLOPT_PROTOCOLS, isSecure ? (long)CURLPROTO_HTTPS : (long)CURLPROTO_HTTP);
}
#pragma clang diagnostic pop

// CURLOPT_QUICK_EXIT: has a transfer that is out of time not wait for the thread that resolves a name. By its number,
// since it came with 7.87; an older library says that it doesn't know it, and waits.
static inline void signet_curl_leave_resolver(const struct signet_curl *curl, CURL *handle) {
  curl->easy_setopt(handle, (CURLoption)(CURLOPTTYPE_LONG + 322), 1L);
}

static inline long signet_curl_status(const struct signet_curl *curl, CURL *handle) {
  long status = 0;
  return curl->easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status) ? 0 : status;
}
