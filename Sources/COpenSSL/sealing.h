// AES-256-GCM with a nonce of 96 bits and a tag of 128 (NIST SP 800-38D). Included by shim.h.

#define LEDGER_GCM_NONCE 12
#define LEDGER_GCM_TAG 16

// `sealed`: room for the message and the tag after it. 1 on success.
static inline int ledger_gcm_seal(const unsigned char *key, const unsigned char *nonce, const unsigned char *context,
                                  size_t context_length, const unsigned char *message, size_t message_length,
                                  unsigned char *sealed) {
  EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
  int written = 0, rest = 0;
  int good = cipher != NULL
    && EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce) == 1
    && EVP_EncryptUpdate(cipher, NULL, &written, context, (int)context_length) == 1
    && EVP_EncryptUpdate(cipher, sealed, &written, message, (int)message_length) == 1
    && EVP_EncryptFinal_ex(cipher, sealed + written, &rest) == 1
    && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, LEDGER_GCM_TAG, sealed + message_length) == 1;
  EVP_CIPHER_CTX_free(cipher);
  if (!good) ERR_clear_error();
  return good;
}

// `message`: room for the sealed bytes without their tag; wiped where the tag is not theirs. 1 on success.
static inline int ledger_gcm_open(const unsigned char *key, const unsigned char *nonce, const unsigned char *context,
                                  size_t context_length, const unsigned char *sealed, size_t message_length,
                                  unsigned char *message) {
  EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
  int written = 0, rest = 0;
  int good = cipher != NULL
    && EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce) == 1
    && EVP_DecryptUpdate(cipher, NULL, &written, context, (int)context_length) == 1
    && EVP_DecryptUpdate(cipher, message, &written, sealed, (int)message_length) == 1
    && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, LEDGER_GCM_TAG, (void *)(sealed + message_length)) == 1
    && EVP_DecryptFinal_ex(cipher, message + written, &rest) == 1;
  EVP_CIPHER_CTX_free(cipher);
  if (!good) {
    OPENSSL_cleanse(message, message_length);
    ERR_clear_error();
  }
  return good;
}
