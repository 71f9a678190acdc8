#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stddef.h>
#include <string.h>

// Keeps libcrypto usable until the process has ended. Its own clean-up at exit frees the locks that a thread takes which is
// just ending, and the process would crash after its work is done. The first use of libcrypto in a process decides.
static inline void ledger_keep_libcrypto(void) { OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL); }

// OSSL_PARAM arrays borrow C strings and integers that must outlive the call, which Swift can express
// only with nested closures: what needs them is spelled here.

// A context keyed for HMAC-SHA256, or NULL. The caller frees it with EVP_MAC_CTX_free.
static inline EVP_MAC_CTX *ledger_hmac_sha256_new(const unsigned char *key, size_t key_length) {
  EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  if (mac == NULL) return NULL;
  EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
  EVP_MAC_free(mac);
  if (context == NULL) return NULL;
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
    OSSL_PARAM_construct_end(),
  };
  if (EVP_MAC_init(context, key, key_length, parameters) != 1) {
    EVP_MAC_CTX_free(context);
    return NULL;
  }
  return context;
}

// The 32-byte code of a message under the key that the context already holds. 1 on success.
static inline int ledger_hmac_sha256(EVP_MAC_CTX *context, const unsigned char *message, size_t message_length,
                                     unsigned char *code) {
  size_t written = 0;
  return EVP_MAC_init(context, NULL, 0, NULL) == 1
    && EVP_MAC_update(context, message, message_length) == 1
    && EVP_MAC_final(context, code, &written, 32) == 1
    && written == 32;
}

static inline int ledger_sha256(const unsigned char *message, size_t message_length, unsigned char *digest) {
  unsigned int written = 0;
  return EVP_Digest(message, message_length, digest, &written, EVP_sha256(), NULL) == 1 && written == 32;
}

// `selection`: EVP_PKEY_PUBLIC_KEY or EVP_PKEY_KEYPAIR. The numbers are taken as they are.
static inline EVP_PKEY *ledger_unchecked_key_from(const char *type, OSSL_PARAM_BLD *builder, int selection) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
  if (parameters != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1) {
    if (EVP_PKEY_fromdata(context, &key, selection, parameters) != 1) key = NULL;
  }
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  return key;
}

// The same of numbers that are checked to be a key, and its halves to be one's.
static inline EVP_PKEY *ledger_key_from(const char *type, OSSL_PARAM_BLD *builder, int selection) {
  EVP_PKEY *key = ledger_unchecked_key_from(type, builder, selection);
  if (key == NULL) return NULL;
  EVP_PKEY_CTX *check = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
  int good = check != NULL
    && (selection == EVP_PKEY_KEYPAIR ? EVP_PKEY_check(check) : EVP_PKEY_public_check(check)) == 1;
  EVP_PKEY_CTX_free(check);
  if (!good) {
    EVP_PKEY_free(key);
    return NULL;
  }
  return key;
}

// An RSA public key from big-endian numbers; NULL when libcrypto refuses it. `checked`: the modulus is tried to be no
// prime, which takes 6 ms for 2048 bits and 250 ms for 8192.
static inline EVP_PKEY *ledger_rsa_public_key(const unsigned char *modulus, size_t modulus_length,
                                              const unsigned char *exponent, size_t exponent_length, int checked) {
  EVP_PKEY *key = NULL;
  BIGNUM *n = BN_bin2bn(modulus, (int)modulus_length, NULL);
  BIGNUM *e = BN_bin2bn(exponent, (int)exponent_length, NULL);
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  if (n != NULL && e != NULL && builder != NULL
      && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1
      && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
    key = checked ? ledger_key_from("RSA", builder, EVP_PKEY_PUBLIC_KEY)
                  : ledger_unchecked_key_from("RSA", builder, EVP_PKEY_PUBLIC_KEY);
  }
  OSSL_PARAM_BLD_free(builder);
  BN_free(n);
  BN_free(e);
  return key;
}

// A P-256 public key from its uncompressed point (65 bytes: 04, x, y), checked to lie on the curve.
static inline EVP_PKEY *ledger_p256_public_key(const unsigned char *point, size_t point_length) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  if (builder != NULL
      && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1
      && OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, point_length) == 1) {
    key = ledger_key_from("EC", builder, EVP_PKEY_PUBLIC_KEY);
  }
  OSSL_PARAM_BLD_free(builder);
  return key;
}

#include "private_keys.h"
#include "sealing.h"
#include "signatures.h"
#endif
