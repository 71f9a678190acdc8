// Signatures over whole messages. Included by shim.h.

// A context that signs (or verifies) SHA-256 digests by this key, any number of times one after the other, or NULL.
// `pss`: RSASSA-PSS with MGF1-SHA-256 and a salt of exactly 32 bytes (RFC 7518 section 3.5), else PKCS #1 1.5 for RSA.
static inline EVP_PKEY_CTX *ledger_signature_context(EVP_PKEY *key, int signs, int pss) {
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
  int good = context != NULL && (signs ? EVP_PKEY_sign_init(context) : EVP_PKEY_verify_init(context)) == 1;
  if (good && EVP_PKEY_is_a(key, "RSA")) {
    good = EVP_PKEY_CTX_set_rsa_padding(context, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) == 1;
  }
  good = good && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1;
  if (good && pss) {
    good = EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1
      && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  if (!good) {
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return NULL;
  }
  return context;
}

// The count of bytes written to `signature`, 0 when it could not be made. ECDSA signatures are DER here.
static inline size_t ledger_sign_hashed(EVP_PKEY_CTX *context, const unsigned char *message, size_t message_length,
                                        unsigned char *signature, size_t capacity) {
  unsigned char digest[32];
  size_t written = capacity;
  int good = ledger_sha256(message, message_length, digest)
    && EVP_PKEY_sign(context, signature, &written, digest, sizeof digest) == 1;
  return good ? written : 0;
}

// 1 when the signature is good. ECDSA signatures are DER here.
static inline int ledger_verify_hashed(EVP_PKEY_CTX *context, const unsigned char *message, size_t message_length,
                                       const unsigned char *signature, size_t signature_length) {
  unsigned char digest[32];
  int good = ledger_sha256(message, message_length, digest)
    && EVP_PKEY_verify(context, signature, signature_length, digest, sizeof digest) == 1;
  if (!good) ERR_clear_error();
  return good;
}

// 64 bytes, r and s (RFC 7518 section 3.4), of a DER signature on P-256. 1 on success.
static inline int ledger_p256_raw(const unsigned char *der, size_t der_length, unsigned char *raw) {
  ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &der, (long)der_length);
  int good = parsed != NULL
    && BN_bn2binpad(ECDSA_SIG_get0_r(parsed), raw, 32) == 32
    && BN_bn2binpad(ECDSA_SIG_get0_s(parsed), raw + 32, 32) == 32;
  ECDSA_SIG_free(parsed);
  return good;
}

// Ed25519 has no separate digest, and libcrypto 3.0 takes a new context for each message. 64 bytes; 1 on success.
static inline int ledger_ed25519_sign(EVP_PKEY *key, const unsigned char *message, size_t message_length,
                                      unsigned char *signature) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  size_t written = 64;
  int good = context != NULL
    && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1
    && EVP_DigestSign(context, signature, &written, message, message_length) == 1
    && written == 64;
  EVP_MD_CTX_free(context);
  return good;
}

static inline int ledger_ed25519_verify(EVP_PKEY *key, const unsigned char *message, size_t message_length,
                                        const unsigned char *signature, size_t signature_length) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  int good = context != NULL
    && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1
    && EVP_DigestVerify(context, signature, signature_length, message, message_length) == 1;
  EVP_MD_CTX_free(context);
  if (!good) ERR_clear_error();
  return good;
}
