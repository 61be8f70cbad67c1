// libsodium: Argon2id with parallelism 1, random bytes, comparing and wiping secrets.
#pragma once
#include <sodium.h>

// An empty password may have no address, which libsodium's declaration forbids.
static inline int signet_sodium_argon2id(
    unsigned char *tag, size_t tag_length, const void *password, size_t password_length, const unsigned char *salt,
    size_t iterations, size_t memory_bytes) {
  const char *start = password_length > 0 ? (const char *)password : "";
  return crypto_pwhash_argon2id(
      tag, tag_length, start, password_length, salt, iterations, memory_bytes, crypto_pwhash_argon2id_ALG_ARGON2ID13);
}
