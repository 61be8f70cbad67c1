// libargon2: what libsodium cannot compute (parallelism above 1).
#pragma once
#include <argon2.h>
