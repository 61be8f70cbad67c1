// OpenSSL's headers, and functions in place of its macros and variadics.
#pragma once
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

// A macro made of other macros, which Swift cannot see.
static const int signetPublicKeySelection = EVP_PKEY_PUBLIC_KEY;
