/// Tokens that another library signed, and the public halves of throw-away keys that were used for nothing else.
enum ForeignFixtures {
  /// Within the tokens' 1700000000 to 1700003600.
  static let now: Int64 = 1_700_000_100_000

  /// 2048 bits, no `alg`: for RS256 and PS256.
  static let rsa = #"""
    {"n":"s_2cB66BvKcxkSlPnLjaHthY7-X1Cf8Nvf3ilk1QUJdV0Sji8aLHpG4t3GeID_q3mDBvNSM5B9n8Hx3YEAP51jDTDG6Jd1\#
    ZIa3E2Ai5Hy0-Ijucm6j4fT6NpR0E9eO_mhLJmSW3SWO7WlXLBMlU70D8JqyTHVkrqupwZXZDH7z-81nJjGny6HNiMd9IBcRdW_d\#
    P_hZf6z0sVWJ-fREE8iNC5gl5_i0mp9aidw361JdKNjMJha_ec04m78z8TpQC_TOzJzzK1AnR0WB1PveCtjA031Gh_-4a4m5vCx1\#
    WWcChrl2eculXVp9YKWgaJVpNOKYJbdLKqSEMQuLg_vq4I-w","e":"AQAB","kty":"RSA","kid":"rsa"}
    """#

  /// 3072 bits, for PS256 alone.
  static let pss = #"""
    {"n":"s_1GeT7x__erMTXg7AezRESYxd6Y-a71_EgIF-qERG9wD4SnfyzWWjhJEWpO0S9RFcjCJm_HxClqrVTpRRuF7rIikHuRBE\#
    X2BZYarQENQI9qYh1jaiI-VSp_ukzkk9rRIwNugHo4tHNrx8ucW_LMB1MQ_BcLjHjZsAO7rszGVvWC-qEYQ-vTtv4yarXipHjbym\#
    TMMm54m9jlpyWQcUiAOvQvxKIkpBqya60jz9BwnpIaqaJRena4IAEajVoDH6K0-MFcJhNIFrckfD1xbLS8mLbP1h_NAvXswooSGq\#
    IkQVfShg8SHUUFXP6suixBkECDIeJrJbXlhdM-MH12DI5seq3Bn079pVddjceRN7B4uJWyhP_lg8ZgoQiDd-m_wAVw1LYzcH9rGS\#
    22zod7wBxGpMbT78Rp74FEckW60YwDbjLR_NDFkLdW53WO0WPH7ah3JVdnXTfx2W4UmrnAssG_Ok8asw8XSaLVjOsr1Xfd19gomT\#
    5SuMR1Rwvoq2OPIQL5","e":"AQAB","kty":"RSA","kid":"pss","alg":"PS256"}
    """#

  static let ec = #"""
    {"crv":"P-256","x":"UeJ6OtdZALI8lJlb017_fBbuZhmAIEoj5wNFadT-QI8","y":"yh_8Npw7Od7fgL-P98owwrwAQMVja4\#
    cf1uFiF4gQOmQ","kty":"EC","kid":"ec"}
    """#

  static let ed = #"""
    {"crv":"Ed25519","x":"G97QguEDUExE-FyDSY2Ybnb5iXAtp9yT_aOex_atQpA","kty":"OKP","kid":"ed"}
    """#

  /// 1024 bits.
  static let weakRSA = #"""
    {"n":"tBzyvDB9wkxq1HO1bhpWhnUhtV9Id3H65ngwl20U8LYU4eGqKBwS4uhp025PF3vA6GGvrovkjDxw2fy43zBzwwjCO57Ecm\#
    1AQ1WYQbuNZBXrzOLRNIpLJ6PDP2AN0XFoWuJiRzCWSt6fgLzkFEd5ppOBio9uli6hIjluqB7oXqU","e":"AQAB","kty":"RSA\#
    ","kid":"weak"}
    """#

  static let rs256 = """
    eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJ\
    hdWQiOlsiYXBpIiwib3RoZXIiXSwiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMzYwMH0.AUD\
    tx7IzUG5jEHzqOCW__-TkLyLB3duh2SvC92gshbWE3R3GM-uJLec21FcJ04V4JejUdKOxJRdLhR_6zXO25-xq46gIk0Wb8d45WYN\
    pFhaHQKvLIpzHzPZzHO_vGwCG0mb5ZJf_W7-cqLFOOX7ok4JKpgLHqUc0KYy3BH2Td6QRwtCWVyNQ5aDkdW2vBeg5xxPej84jlyg\
    u9qUkqqc0Gdm99oR3UG26k5o-TFFndYwj-WOLAKPomjamFwnhbGuKntNTq4haXXoXpc1fFh7YNL7cErUTNPI188phrVIT4EW_19_\
    5Mo7GxpAO3PDjhbb_bBb0A1RlqOBWkMJRJuU4sw
    """

  static let ps256 = """
    eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJ\
    hdWQiOlsiYXBpIiwib3RoZXIiXSwiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMzYwMH0.Ufd\
    UlNHuBHKlOuitTEhuatK9KzH_qM4Uge5RWfnnzW84uHGAlJV39YHJZlXbVStQAWtCnVae2MihNHMeZgjZILCgCx-0UVEKSqNeCfs\
    NuR9D3cxIuoqIkNNY8HIQdx0DX0tKhAXjj5yad6Bjcp5HCJLqwzVk_kr5nRHHR-2T_1_YigOAs5a_DbQBSZGd5UiRjdif5j-msiv\
    gD-K9YF1JCVowWY0N1zYfk-JU6Dcn4RoiTZCLdbMARmISSsD63wh265LOI6asgsZj5c8XJJaVWZg_25s6FdZrDN2T0ldF0YFt6jV\
    uciJpaGJG99ZtXgLJExKgUg-RYCtjLAcUGGIfIQ
    """

  static let ps256Bound = """
    eyJhbGciOiJQUzI1NiIsImtpZCI6InBzcyJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJ\
    hdWQiOlsiYXBpIiwib3RoZXIiXSwiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMzYwMH0.E1D\
    W1czk6_zdmUY8Zk2zksc6RIwoGYza_KW0gRW4kUH4CxC7IChFj60WA2ZLEfdZiD8qnuVzp3-2ObSN3UGi-EJfZbdU2uymFx6O2_i\
    dYsWEMar52Q8fdsomYVyUuYeI9zY20I9o07q6Quak4BISHSUFvWl94Oeg8YF0RGWh0TnzDNxp8WnHaP98dNHkJ_X_mtwZmAiG8ZX\
    pTZVj5Y5n9xMdtyA2e3zP6ZkVEkZnNjfUMgH7YdRdYNkNKhCrWyZ2KwR1ysykD3hDrK5g1kK-E1Bsg-fCL5a3VO_xfgJmJN2t0oG\
    yH-Dw3lNPKG6MFxFKo1Pd_7MIUnaa49zMGPvQFpguhFOR2L1EZWAYReLyYIajcrEMRp1kIADd81VifKB9ZoTwUQuB7ytn8fUmp0F\
    s6M8-R_NQcptbmu5uht5IH7BAhrz575XV2_MvaPHU1H5pLW_b7cK2JDB77AWhITjJYouFAfSVIa5YSkT3fTxVlPJDHKKnyXXhoaw\
    uEwaHz_kL
    """

  /// A good RS256 signature by the key that is for PS256 alone.
  static let rs256OfPSSKey = """
    eyJhbGciOiJSUzI1NiIsImtpZCI6InBzcyJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJ\
    hdWQiOlsiYXBpIiwib3RoZXIiXSwiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMzYwMH0.FxP\
    aCSVZi7iLZRZeBUp4zyWW5wbgoGBrIOZq7ZqxVQB5Uxid0OMqihMzRlj0y3iw2G9aH6k81pyTzJ3JANyZK5fid69gwBLF0y7mYx7\
    G25XDfkxU1UPUdHSnnCa27e4FeR5z-9f3o890KYojLZ51F4s6MBQXEXOj7XR_9xaAEkMaOPGTtpHJPuIMY1gvsnPhLS7Z66JYVJd\
    wN4TtRfiZuNZcalZLo-poHdcq432S83k5doIWWmE0qPONf0kep6LLeMrjewZHtf4Q864bLAFTbt9X7B8qSs4GENAGrpkbRkT6ARk\
    3-PQ9B08J8JpaZPP_pdEewXOSs2mBwbBcpmXJHTqIdGqrNuMrsg6K7hEhmiJsXLZCAjqp5DqGXFkZ5lUu5pyxa77P-KoG-8pm8nA\
    LUKKRJgv0rMPy4mZ5GYgoHFTSix0fXkWe5HRQWgAGEB1BD9ZKssuYL-92mo2W8qgqx_EOQgvntATWE4SsCXhjftXR9RN0l7Y901a\
    _Y62STsPm
    """

  static let es256 = """
    eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJh\
    dWQiOlsiYXBpIiwib3RoZXIiXSwiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMzYwMH0.cIRP\
    NZDuy3Dsva9lQE54b7CMtBl-p136gAxg7U_FX56zNjQ4o2VcHvtlVij6X2AjnQtIjWGCLHJuoVIPNYN-WA
    """

  static let edDSA = """
    eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJh\
    dWQiOlsiYXBpIiwib3RoZXIiXSwiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMzYwMH0.j94C\
    ZFWGYRsBrv8amKTyhtNVeNEMVQ-BL3sANM7h498bnT94FqSGeO6Pdw5NXyzriqYw34fw59DGJNQSo50kBA
    """
}
