// Private keys: made, read from numbers or PEM, and taken apart into numbers. Included by shim.h.

static inline EVP_PKEY *ledger_generate_p256(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"); }
static inline EVP_PKEY *ledger_generate_ed25519(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"); }
static inline EVP_PKEY *ledger_generate_rsa(size_t bits) { return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits); }

// A P-256 key pair from its uncompressed point (65 bytes) and its private number, checked; NULL when they are none.
static inline EVP_PKEY *ledger_p256_private_key(const unsigned char *point, size_t point_length,
                                                const unsigned char *number, size_t number_length) {
  EVP_PKEY *key = NULL;
  BIGNUM *d = BN_bin2bn(number, (int)number_length, NULL);
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  if (d != NULL && builder != NULL
      && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1
      && OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, point_length) == 1
      && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1) {
    key = ledger_key_from("EC", builder, EVP_PKEY_KEYPAIR);
  }
  OSSL_PARAM_BLD_free(builder);
  BN_clear_free(d);
  return key;
}

// libcrypto's names of the eight numbers of an RSA key, in the order of RFC 7518 section 6.3: n, e, d, p, q, dp, dq, qi.
static inline const char *ledger_rsa_number_name(int index) {
  static const char *const names[8] = {
    OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1,
    OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
    OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
  };
  return names[index];
}

// An RSA key pair from eight big-endian numbers, one after the other in that order. Checked, primes included.
static inline EVP_PKEY *ledger_rsa_private_key(const unsigned char *numbers, const size_t *lengths) {
  EVP_PKEY *key = NULL;
  BIGNUM *parsed[8] = {NULL};
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  int good = builder != NULL;
  for (int index = 0; good && index < 8; index += 1) {
    parsed[index] = BN_bin2bn(numbers, (int)lengths[index], NULL);
    good = parsed[index] != NULL && OSSL_PARAM_BLD_push_BN(builder, ledger_rsa_number_name(index), parsed[index]) == 1;
    numbers += lengths[index];
  }
  if (good) key = ledger_key_from("RSA", builder, EVP_PKEY_KEYPAIR);
  OSSL_PARAM_BLD_free(builder);
  for (int index = 0; index < 8; index += 1) BN_clear_free(parsed[index]);
  return key;
}

// A number of a key, big-endian, in `width` bytes or, when that is 0, in as few as it needs. The count, 0 on failure.
static inline size_t ledger_key_number(const EVP_PKEY *key, const char *name, size_t width, unsigned char *target,
                                       size_t capacity) {
  BIGNUM *number = NULL;
  size_t written = 0;
  if (EVP_PKEY_get_bn_param(key, name, &number) == 1) {
    int count = width > 0 ? (int)width : BN_num_bytes(number);
    if (count > 0 && (size_t)count <= capacity && BN_bn2binpad(number, target, count) == count) written = (size_t)count;
  }
  BN_clear_free(number);
  ERR_clear_error();
  return written;
}

// 1 when an EC key is on P-256.
static inline int ledger_is_p256(const EVP_PKEY *key) {
  char name[64];
  size_t length = 0;
  int good = EVP_PKEY_get_group_name(key, name, sizeof name, &length) == 1 && strcmp(name, "prime256v1") == 0;
  ERR_clear_error();
  return good;
}

// The key of the first block of a PEM text, when that is PKCS #8 that is not encrypted (RFC 7468 section 10), else NULL.
// `label`: the block's, cut off at its capacity; empty when there is no block.
static inline EVP_PKEY *ledger_pem_private_key(const unsigned char *text, size_t text_length, char *label,
                                               size_t label_capacity) {
  EVP_PKEY *key = NULL;
  char *name = NULL, *header = NULL;
  unsigned char *der = NULL;
  long der_length = 0;
  label[0] = 0;
  BIO *input = BIO_new_mem_buf(text, (int)text_length);
  if (input != NULL && PEM_read_bio(input, &name, &header, &der, &der_length) == 1) {
    OPENSSL_strlcpy(label, name, label_capacity);
    if (strcmp(name, PEM_STRING_PKCS8INF) == 0 && header[0] == 0) {
      const unsigned char *start = der;
      PKCS8_PRIV_KEY_INFO *parsed = d2i_PKCS8_PRIV_KEY_INFO(NULL, &start, der_length);
      if (parsed != NULL) key = EVP_PKCS82PKEY(parsed);
      PKCS8_PRIV_KEY_INFO_free(parsed);
    }
  }
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_clear_free(der, der_length > 0 ? (size_t)der_length : 0);
  BIO_free(input);
  ERR_clear_error();
  return key;
}
