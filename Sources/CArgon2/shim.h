// libargon2: what libsodium cannot compute (parallelism above 1, salts of other lengths than 16).
#pragma once
#include <argon2.h>

// Argon2id through the context, whose pointers Swift could not fill without copies. One thread whatever the lanes: a
// hash must not take more cores than the thread which asked for it.
static inline int signet_argon2id(
    uint8_t *tag, uint32_t tag_length, const void *password, uint32_t password_length, const uint8_t *salt,
    uint32_t salt_length, const uint8_t *secret, uint32_t secret_length, const uint8_t *data, uint32_t data_length,
    uint32_t iterations, uint32_t memory, uint32_t lanes) {
  // Without ARGON2_FLAG_CLEAR_* nothing is written through the inputs.
  argon2_context context = {
      .out = tag, .outlen = tag_length,
      .pwd = (uint8_t *)password, .pwdlen = password_length,
      .salt = (uint8_t *)salt, .saltlen = salt_length,
      .secret = (uint8_t *)secret, .secretlen = secret_length,
      .ad = (uint8_t *)data, .adlen = data_length,
      .t_cost = iterations, .m_cost = memory, .lanes = lanes, .threads = 1,
      .version = ARGON2_VERSION_13, .flags = ARGON2_DEFAULT_FLAGS,
  };
  return argon2_ctx(&context, Argon2_id);
}
