//! Tokens as the OpenAPI document shows them.

/// The document's own examples, which nobody's key fits.
pub const SMS_TOKEN: &str = concat!(
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..lBm8N4NQxiScPbe6.lU04QuOInUbWA8JrfKh0pEnINGVePqarxy-gz-nUYP4rb0AN",
    "ULa1bz35pi_DAUSYFSf4Xv3aLB3D1wC-OwC96P2cnzjBM3dT2sFNGr3s72BC-sulY2xz2bnfnOqXqg_H.6P_NAUqZst7fY9IzV5ym_A"
);
/// An access token, likewise.
pub const ACCESS: &str = concat!(
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjoxNzEzMjI0NDczLCJpYXQiOjE3MTMyMT",
    "U0NzMsImp0aSI6ImQwODNjNzBjNzMzYTQ2NWZhOThhYjlhYmY4NjY2ODgzIiwidXNlcl9pZCI6Mn0.y-KioHdCS1W2KSfJFtDiogx4lwQOa",
    "dbfMBgixBgXscI"
);
/// A refresh token, likewise.
pub const REFRESH: &str = concat!(
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6MTcxMzMwMTg3MywiaWF0IjoxNzEzMj",
    "E1NDczLCJqdGkiOiJjM2I3ZmEzZTM5MzQ0ZTYyOGU3MmY0M2NiOGY2ZGI0OCIsInVzZXJfaWQiOjJ9.1Rmq8K166wSTsRTj8A811bPr7h6T",
    "zwjOIz3b5hFmABU"
);
