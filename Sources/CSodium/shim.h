// libsodium: Argon2id with parallelism 1.
#pragma once
#include <sodium.h>
