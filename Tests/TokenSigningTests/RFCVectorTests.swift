import Testing

@testable import TokenSigning

/// The examples that the standards print, as they print them.
@Suite struct RFCVectorTests {
  private static let joe =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
  /// A second before the example's `exp`.
  private static let now: Int64 = 1_300_819_379_000

  private func verify(_ token: String, key: String) throws -> ForeignClaims {
    let set = try JWKSet(json: Array(key.utf8))
    return try ForeignTokenVerifier(keys: set.keys, issuer: "joe").verify(token, nowMilliseconds: Self.now)
  }

  @Test("RFC 7515 A.1: HS256")
  func hs256() throws {
    let key = """
      {"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}
      """
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\(Self.joe).dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    #expect(try verify(token, key: key).expiresAt == 1_300_819_380)
  }

  @Test("RFC 7515 A.2: RS256")
  func rs256() throws {
    let key = """
      {"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d\
      4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-\
      UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91k\
      zk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}
      """
    let signature = """
      cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7\
      t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12\
      jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUP\
      QGe77Rw
      """
    #expect(try verify("eyJhbGciOiJSUzI1NiJ9.\(Self.joe).\(signature)", key: key).algorithm == .rs256)
  }

  @Test("RFC 7515 A.3: ES256")
  func es256() throws {
    let key = """
      {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\
      "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
      """
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    #expect(try verify("eyJhbGciOiJFUzI1NiJ9.\(Self.joe).\(signature)", key: key).algorithm == .es256)
  }

  @Test("RFC 8037 A.4: Ed25519, whose payload is no JWT: the signature is good and the claims are not")
  func ed25519() throws {
    let key = #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    let good = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    #expect(throws: TokenRefusal.claims("claims")) { try verify("\(signed).\(good)", key: key) }
    #expect(throws: TokenRefusal.badSignature) { try verify("\(signed)A.\(good)", key: key) }
  }
}
