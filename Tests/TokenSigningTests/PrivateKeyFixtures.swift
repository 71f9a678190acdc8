/// Throw-away private keys that were used for nothing else: the base64 of PKCS #8, without the lines around it.
enum PrivateKeyFixtures {
  /// P-256.
  static let p256 = """
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgj4M+sSQlAGxyvETXwMGapXoiZ0Ukn3BHSh9rlC1YtvChRANCAARd\
    ALuyKKL31z6FnCeLdsURAjdmiYFRsL0Bs8YdSglLa+iDTpEPovqiDrm/2cU6pr8moSoeiR6jbKST7CLy3yKd
    """

  /// RSA of 2048 bits.
  static let rsa = """
    MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQC3D+y9jWogTpC1R9UQRAfsb31iPlbamCVfkNRCE+iEnWEVk+JB\
    3RsJknPlCo4EIa+wc0rSoey+2Bec6zQ/aJshXcqfa6K7CTz9myMFVx0h5eIM2/V3Za0p/cOkCfiM9x0baevAZ9nBqU9c+X6J/Va+\
    YxVwDlDgW6YHs8Fv1HdyGWFWqvh0dPnqM4OxCjeUPH3RSeHQtuS242R+k0PyzuP+PEiSM7gycQWFbw0a9ttTr4OfDXQVZfcYeTfG\
    zyy9rllLjkRw/tQesUOAeLvwqn2ODZlizU5hL9wv1Jp1OKdSm7butcvcQaxAFUdmSdVqjivVAXdHbz+4pJkuKQ/AQHJfAgMBAAEC\
    ggEAGDy2hn5Dr9VXGXlSP14Sgn5cZnaEf1qnkBiX0cva/DvuD7JNwZSpsMHAMHIOTYO8RCtvm6Wut7Hapn8Jot+RsoA9hI/2srbN\
    aXJx15IqHEPYgwVYYZ+Hpsifb4eWbeuF4gxLF2Voklh9Vnz+AP0W0AxEWVq74Iih2eE12j2SNvvlo3OwDs8PpLC7+pstRmu2iq80\
    Kfxvbcey3GQTaUD0lUBBbQOP54oBQFSi8OFPGIhgDWc+36f6iFL+DBk4d2KyleaQmhMhJuOmNczW42n+obC5zu3Kua7DHY322cZl\
    oo2tXUmvSZMSupDmlzrnT3roMwVqUMtkqJw/Wshs2H2soQKBgQDv9bfz023DIS/K43Be6dAEf8saIpmZFm9zquRJ6/J29ahRwfgE\
    jiEqFJwaGE/DB3ROvslyZBS0DXGqJE4z3T5NlJ4qUu2q+IU9FrmFi+NwML7cqFZiy90d8P41ZpR6oIPATfpcf8gBTDr7IwSayaq4\
    ctOpQStkKIA8zDdG0T79cQKBgQDDTI2KjyzYy4pqBPHMlMxUyBORzTF2ot5Ph6A7GfBYbyLbqZWSNi3JfimuT7zH0Ub2CmM2gaT8\
    lI7u0OAD3RHIm0Jmv4RVul9yQ4now1bKddgAVKGIf0ykVQ0U9qXYHHkmTmMVz6U8NTajeHrSDrkI0dw34EX/f3m3BArBcTfEzwKB\
    gH+/ZwFNzB+X6WOwFcDR5Uaf6jatuOwBP7BqiEK6dEjUm5l7FFkIeat3cWuLCdugelD5zTEzCrqYdazIy0FdRa/zsQiDQbhFulk9\
    YeMxCBJQQSwkCmlqcvtfs1YmmGF4VuvoF6Nq+8WFGdldWTQ2rMapivmOklUuIqc7aSowd8JhAoGAF70QX00z6E4lTum28mULySpg\
    ppJIduEpIIWdxlFK05T+qbCdS55mRl2dd2Cd07Puai2tDY0InuL31LNy50VRyg6FLbQNw9XZkCwBcVd9DzLvxGqFD/BZQohMBMZO\
    NkyPtUZF6PrKXN0i/Q/B7hJ4D0hi+i+6kmnOQ56sKAM5AiUCgYAmUCAQhRwi2rkaPRNyqcY6P69kDLbwx2OXpbIJ27mjb1VRFuRE\
    zkEi79ZIbkZZ0LjSGOtqPy7iZ0rzkUWHx4SzDDTEU+iYFsN3mOJHk2uh83+73/br1X7zV8PGcwMlVGnyWXN/mha4t9QYXYvbdCLj\
    0CcoJVdImMOHJsmOAWYF+w==
    """

  /// RSA of 1024 bits.
  static let weakRSA = """
    MIICdQIBADANBgkqhkiG9w0BAQEFAASCAl8wggJbAgEAAoGBAMrlDNYKvhuE2s70pVKHBlzSXrkMtDk8YCb0kWit72hcOKjWNTe7\
    Jfnq7N2lD04auF3REwM+7zEZEu+sm+azql4CS/hrSKi1UFfmi0U5rbTY/cu3ki1lB9wKR+MRhXvQNk369J8RKGgoA8lCIofBeEbp\
    BP9kRQDFCMihJHuCQl0/AgMBAAECgYBCnGhWbTh0uG1NvKv6KDJCjx5iCnWwxM2cfHaws0oCLSS86XaXUW3qWuJg8ivQLJ2Sz206\
    h5Lnv5+j6DtWxm2L0dwKL4MFHt/pyJF6S/bX7EQYKVuselrnY4W4mrqGy/EpjxM8VQEV6llmzzRIs7wprjNbMc4e5u/ADZYwvRRA\
    QQJBAOy6hehyihMqSMgnx2ODxctaQD50pHAtSwG69BtUdIcwgA0lvEYHw8ZJHATT+8ZEnvk+jSATYo0Yl3zYwUCHRccCQQDbaWvm\
    q81rBjY7558uh4ywsMU7rOjImaEvnFoWR3lVxyejUQLF0++VqSYeAHLaKYyvg1MIKf6tCCSb6qin/szJAkBd+EC1n9n9d5iCk3/L\
    mgBHE6FS6Xxo5yHSIwNJYgILtA3wqh0Nc4GcUWMk630THCQ67kCZDfjd53gi3+v+kHP7AkAat194GvtMSNlZuf5cAA1VhnC9r3Q4\
    2NwTnAosJE/V7gYZkMexpvjJVGtbw9o4Tk7fIDKAD/z+vLsYcR5QNmphAkAwfnPoIuiOg6w76gyR5Nf29biuuxCujfjZkb2KC938\
    KcFR6y2c+1H3kVe6YeKp2ci+XUjxj/3BTycgkW3XYorr
    """

  /// A curve that no algorithm here is for.
  static let p384 = """
    MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCngHCm/L6n2Ola6McWce7PDDuV/cXNyuuy2m5XcgP/uuUhgx/5Nup1\
    lVSuW0K59dOhZANiAARcd820tmhWyUZPLIHY2Fvv8bEj/unkl+NUuwntkYzj84l5C7qTFUeTSD5sz//5X3Rzzt2t0tk4F65/WUPa\
    nA15scIKrvTzIKtlAVbJg96Cpf+NGFE/5nsieGm4AvUIZJk=
    """

  /// The example of RFC 8410 §10.3.
  static let ed25519 = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC"

  /// A PEM text; `label` is what stands after BEGIN and END.
  static func pem(_ base64: String, label: String = "PRIVATE KEY") -> [UInt8] {
    var lines = ["-----BEGIN \(label)-----"]
    var rest = base64[...]
    while !rest.isEmpty {
      lines.append(String(rest.prefix(64)))
      rest = rest.dropFirst(64)
    }
    return Array((lines + ["-----END \(label)-----", ""]).joined(separator: "\n").utf8)
  }
}
