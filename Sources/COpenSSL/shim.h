// OpenSSL's headers, and functions in place of its macros and variadics.
#pragma once
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <openssl/x509err.h>
#include <openssl/pemerr.h>

// Macros made of other macros, which Swift cannot see.
static const int signetPublicKeySelection = EVP_PKEY_PUBLIC_KEY;
static const int signetKeyPairSelection = EVP_PKEY_KEYPAIR;
// RFC 4514, with letters beyond ASCII as they are and not by their bytes' numbers.
static const unsigned long signetNameForm = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;

// What every TLS context here has; the reasons stand in TLSContext.swift. 1 when OpenSSL took all of it.
static inline int signet_tls_prepare(SSL_CTX *context, const char *ciphers, long chain_limit) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_max_cert_list(context, chain_limit);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(context, ciphers) == 1;
}

// The iterations of PBKDF2 in an encrypted PKCS#8: 0 for scrypt, whose work OpenSSL bounds; -1 when it is not PBES2.
static inline long signet_pbes2_iterations(const X509_SIG *sealed) {
  const X509_ALGOR *scheme = NULL;
  X509_SIG_get0(sealed, &scheme, NULL);
  const ASN1_OBJECT *name = NULL;
  const void *value = NULL;
  int type = 0;
  X509_ALGOR_get0(&name, &type, &value, scheme);
  if (OBJ_obj2nid(name) != NID_pbes2 || type != V_ASN1_SEQUENCE) return -1;
  PBE2PARAM *parameters = (PBE2PARAM *)ASN1_item_unpack((const ASN1_STRING *)value, ASN1_ITEM_rptr(PBE2PARAM));
  if (parameters == NULL) return -1;
  long iterations = -1;
  X509_ALGOR_get0(&name, &type, &value, parameters->keyfunc);
  if (OBJ_obj2nid(name) == NID_id_scrypt) {
    iterations = 0;
  } else if (OBJ_obj2nid(name) == NID_id_pbkdf2 && type == V_ASN1_SEQUENCE) {
    PBKDF2PARAM *derivation = (PBKDF2PARAM *)ASN1_item_unpack((const ASN1_STRING *)value, ASN1_ITEM_rptr(PBKDF2PARAM));
    // Also -1 for what is too large for a long.
    if (derivation != NULL) iterations = ASN1_INTEGER_get(derivation->iter);
    PBKDF2PARAM_free(derivation);
  }
  PBE2PARAM_free(parameters);
  return iterations;
}

static inline void signet_free(void *memory) { OPENSSL_free(memory); }

static inline int signet_error_reason(unsigned long code) { return ERR_GET_REASON(code); }

static inline int signet_tls_groups(SSL_CTX *context, const char *groups) {
  return SSL_CTX_set1_groups_list(context, groups) == 1;
}

// Whether a certificate's subjectAltName has a name of that type with these bytes: 1 when it does. DNS names are compared
// without regard to case (RFC 4343), the others byte by byte.
static inline int signet_certificate_has_name(const X509 *certificate, int type, const unsigned char *bytes,
                                              size_t length) {
  GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
  int found = 0;
  for (int index = 0; found == 0 && index < sk_GENERAL_NAME_num(names); index++) {
    int actual = 0;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, index), &actual);
    if (actual != type || (size_t)ASN1_STRING_length(value) != length) continue;
    const unsigned char *own = ASN1_STRING_get0_data(value);
    size_t place = 0;
    while (place < length) {
      unsigned char one = own[place], other = bytes[place];
      if (type == GEN_DNS && one >= 'A' && one <= 'Z') one += 32;
      if (type == GEN_DNS && other >= 'A' && other <= 'Z') other += 32;
      if (one != other) break;
      place++;
    }
    found = place == length;
  }
  GENERAL_NAMES_free(names);
  return found;
}
