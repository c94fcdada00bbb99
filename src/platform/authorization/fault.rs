use crate::platform::Fault;

const RESPONSE: &str = "authorization response";
const TOKEN: &str = "token answer";
const ID_TOKEN: &str = "ID token";
const REFRESH: &str = "refresh";
const DEVICE: &str = "device";
const USERINFO: &str = "userinfo";

macro_rules! faults {
    ($($constant:ident = $name:literal, $area:expr, $effect:literal, [$($requirement:literal),*];)*) => {
        $(pub(in crate::platform) const $constant: &str = $name;)*
        /// The faults of the authorization server, in the order of the protocol.
        pub const FAULTS: &[Fault] = &[
            $(Fault { name: $name, area: $area, effect: $effect, requirements: &[$($requirement),*], by_hand: None },)*
        ];
    };
}

faults! {
    OTHER_ISSUER_THROUGHOUT = "issuer-other-throughout", "discovery", "calls the platform another issuer: in discovery, authorization response and ID token alike", ["ID-14"];
    COOP_SAME_ORIGIN = "coop-same-origin", "sign-in pages", "sends sign-in and consent pages with `Cross-Origin-Opener-Policy: same-origin`", ["PO-04"];
    STATE_FORGED = "state-forged", RESPONSE, "returns a state that differs from the sent one in one character", ["CB-01"];
    STATE_MISSING = "state-missing", RESPONSE, "leaves out the state", ["CB-01"];
    STATE_EMPTY = "state-empty", RESPONSE, "returns an empty state", ["CB-01"];
    STATE_DUPLICATED = "state-duplicated", RESPONSE, "returns the state twice", ["CB-02"];
    STATE_FORGED_SECOND = "state-forged-second", RESPONSE, "returns the state and after it a forged one", ["CB-02"];
    STATE_FORGED_FIRST = "state-forged-first", RESPONSE, "returns a forged state and after it the right one", ["CB-02"];
    CODE_DUPLICATED = "code-duplicated", RESPONSE, "returns the code twice", ["CB-02"];
    ISS_WRONG = "iss-wrong", RESPONSE, "names another issuer", ["CB-08"];
    ISS_TRAILING_SLASH = "iss-trailing-slash", RESPONSE, "names its issuer with a slash at the end, which is another text", ["CB-09"];
    ISS_OTHER_CASE = "iss-other-case", RESPONSE, "names its issuer with a host in capitals, which is another text", ["CB-09"];
    ISS_PERCENT_ENCODED = "iss-percent-encoded", RESPONSE, "names its issuer with its slashes percent-encoded once more, which is another text", ["CB-09"];
    ISS_MISSING = "iss-missing", RESPONSE, "leaves out the issuer although the metadata promise it", ["CB-09"];
    EXTRA_PARAMETERS = "extra-parameters", RESPONSE, "adds parameters that no standard defines", ["CB-14"];
    PKCE_REFUSED = "pkce-refused", RESPONSE, "refuses a request that has a code challenge with invalid_request, before any sign-in", ["AZ-08", "AZ-09"];
    CODE_UNKNOWN = "code-unknown", RESPONSE, "returns a code that nobody issued", ["TK-05", "CB-12"];
    ERROR_INVALID_REQUEST = "error-invalid-request", RESPONSE, "answers a granted request with the error invalid_request", ["AZ-08", "AZ-09", "CB-12"];
    ERROR_INTERACTION_REQUIRED = "error-interaction-required", RESPONSE, "answers a granted request with the error interaction_required", ["CB-12"];
    ERROR_UNAUTHORIZED_CLIENT = "error-unauthorized-client", RESPONSE, "answers a granted request with the error unauthorized_client", ["CB-12"];
    ERROR_INVALID_SCOPE = "error-invalid-scope", RESPONSE, "answers a granted request with the error invalid_scope", ["CB-12"];
    ERROR_SERVER_ERROR = "error-server-error", RESPONSE, "answers a granted request with the error server_error", ["CB-12"];
    ERROR_TEMPORARILY_UNAVAILABLE = "error-temporarily-unavailable", RESPONSE, "answers a granted request with the error temporarily_unavailable", ["CB-12"];
    ERROR_LOGIN_REQUIRED = "error-login-required", RESPONSE, "answers a granted request with the error login_required", ["CB-12"];
    ERROR_UNKNOWN = "error-unknown", RESPONSE, "answers a granted request with an error code that no standard defines", ["CB-12"];
    ERROR_DESCRIPTION_MARKUP = "error-description-markup", RESPONSE, "answers a granted request with access_denied and a description that is markup", ["CB-13"];
    ERROR_DESCRIPTION_LINE_BREAK = "error-description-line-break", RESPONSE, "answers a granted request with access_denied and a description that has a line break and a header in it", ["CB-13"];
    PKCE_IGNORED = "pkce-ignored", TOKEN, "redeems a code whatever the code verifier is", ["CB-06"];
    TOKEN_INVALID_GRANT = "token-invalid-grant", TOKEN, "answers 400 invalid_grant to a good request and leaves the code unused", ["TK-05"];
    TOKEN_INVALID_CLIENT = "token-invalid-client", TOKEN, "answers 401 invalid_client to a client that authenticated well", ["TK-05"];
    TOKEN_SERVER_ERROR = "token-server-error", TOKEN, "answers 500", ["TK-05"];
    TOKEN_UNAVAILABLE = "token-unavailable", TOKEN, "answers 503 and leaves the code unused", ["TK-05", "CB-05"];
    TOKEN_RATE_LIMITED = "token-rate-limited", TOKEN, "answers 429 with Retry-After: 1 and leaves the code unused", ["GX-10", "TK-05"];
    TOKEN_RATE_LIMITED_LONGER = "token-rate-limited-longer", TOKEN, "answers 429 with Retry-After: 3 and leaves the code unused", ["GX-10"];
    TOKEN_RATE_LIMITED_DATE = "token-rate-limited-date", TOKEN, "answers 429 with a Retry-After that is an HTTP-date 2 to 3 seconds ahead, and leaves the code unused", ["GX-10"];
    TOKEN_CUT_BODY = "token-cut-body", TOKEN, "closes the connection when half of the body is sent", ["TK-05"];
    TOKEN_SLOW_BODY = "token-slow-body", TOKEN, "answers as it would, but sends the body in pieces over two seconds", ["TK-05"];
    TOKEN_HTML = "token-html", TOKEN, "answers 200 with an HTML page", ["TK-05"];
    TOKEN_BAD_JSON = "token-bad-json", TOKEN, "answers 200 with JSON that is cut off", ["TK-05"];
    TOKEN_EMPTY = "token-empty", TOKEN, "answers 200 with an empty body", ["TK-05"];
    TOKEN_HUGE = "token-huge", TOKEN, "puts five megabytes of white space after a good answer", ["TK-05"];
    TOKEN_HANGS = "token-hangs", TOKEN, "holds the answer back until the client hangs up, and leaves the code unused", ["TK-05", "CB-05"];
    TOKEN_REDIRECT = "token-redirect", TOKEN, "redirects the request (307) to /elsewhere at another origin, where the journal shows whether code and secret came along", ["RS-02", "TK-05"];
    TOKEN_ANSWER_LOST = "token-answer-lost", TOKEN, "redeems the code, but answers 504 as if the answer had been lost", ["CB-05", "TK-05"];
    TOKEN_OPAQUE = "token-opaque", TOKEN, "gives an access token that is no JWT and has every character that one may have", ["TK-08"];
    TOKEN_LARGE = "token-large", TOKEN, "gives an access token of more than 8 KB", ["TK-08"];
    TOKEN_NARROWER_SCOPE = "token-narrower-scope", TOKEN, "grants one scope less than the user did, and says so", ["TK-07", "GX-04"];
    TOKEN_EXTRA_MEMBERS = "token-extra-members", TOKEN, "adds members that no standard defines", ["CB-14", "GX-11"];
    TOKEN_TYPE_MIXED_CASE = "token-type-mixed-case", TOKEN, "writes the token type as `bEaReR`", ["TK-06"];
    TOKEN_TYPE_UNKNOWN = "token-type-unknown", TOKEN, "gives the token type `mac`", ["TK-06"];
    TOKEN_WITHOUT_EXPIRES_IN = "token-without-expires-in", TOKEN, "leaves out expires_in", ["TK-07"];
    TOKEN_WITHOUT_SCOPE = "token-without-scope", TOKEN, "leaves out scope", ["TK-07"];
    ID_TOKEN_WRONG_ISSUER = "id-token-wrong-issuer", ID_TOKEN, "names another issuer", ["ID-01"];
    ID_TOKEN_WRONG_AUDIENCE = "id-token-wrong-audience", ID_TOKEN, "is for another client", ["ID-02"];
    ID_TOKEN_EXTRA_AUDIENCE = "id-token-extra-audience", ID_TOKEN, "is for the client and for one that it does not know", ["ID-02"];
    ID_TOKEN_AUDIENCE_ARRAY = "id-token-audience-array", ID_TOKEN, "writes the audience as an array of one, which is allowed", ["ID-02"];
    ID_TOKEN_WITHOUT_AUDIENCE = "id-token-without-audience", ID_TOKEN, "has no audience", ["ID-02"];
    ID_TOKEN_WRONG_AZP = "id-token-wrong-azp", ID_TOKEN, "names another client as the authorized party", ["ID-03"];
    ID_TOKEN_BAD_SIGNATURE = "id-token-bad-signature", ID_TOKEN, "has a signature with one bit changed", ["ID-04"];
    ID_TOKEN_ALG_NONE = "id-token-alg-none", ID_TOKEN, "is unsigned: alg none", ["ID-05"];
    ID_TOKEN_ALG_NONE_MIXED_CASE = "id-token-alg-none-mixed-case", ID_TOKEN, "is unsigned: alg nOnE", ["ID-05"];
    ID_TOKEN_HS256_JWK = "id-token-hs256-jwk", ID_TOKEN, "is signed with HS256 and the public key's JWK text as the secret", ["ID-06"];
    ID_TOKEN_HS256_PUBLIC_KEY = "id-token-hs256-public-key", ID_TOKEN, "is signed with HS256 and the public key's PEM text as the secret", ["ID-06"];
    ID_TOKEN_FOREIGN_KEY = "id-token-foreign-key", ID_TOKEN, "is signed with a key that its own header brings along and that no JWKS has", ["ID-07"];
    ID_TOKEN_JKU = "id-token-jku", ID_TOKEN, "is signed with a key that its header's jku leads to, at another origin", ["ID-07"];
    ID_TOKEN_X5U = "id-token-x5u", ID_TOKEN, "is signed with a key that its header's x5u leads to, at another origin", ["ID-07"];
    ID_TOKEN_X5C = "id-token-x5c", ID_TOKEN, "is signed with the key of a certificate that its own header brings along", ["ID-07"];
    ID_TOKEN_KID_PATH = "id-token-kid-path", ID_TOKEN, "has the path of an empty file as its kid, and is signed with HS256 and an empty secret", ["ID-07"];
    ID_TOKEN_KID_UNKNOWN = "id-token-kid-unknown", ID_TOKEN, "is signed with a key that no JWKS has, and names it", ["ID-04", "ID-12"];
    ID_TOKEN_CRIT = "id-token-crit", ID_TOKEN, "has a critical header parameter that no standard defines", ["ID-04"];
    ID_TOKEN_NEW_KEY = "id-token-new-key", ID_TOKEN, "is signed with a new key, which the JWKS shows beside the old one from then on", ["ID-12"];
    ID_TOKEN_EXPIRED = "id-token-expired", ID_TOKEN, "expired ten minutes ago", ["ID-08"];
    ID_TOKEN_WITHOUT_EXP = "id-token-without-exp", ID_TOKEN, "has no expiry", ["ID-08"];
    ID_TOKEN_WITHOUT_IAT = "id-token-without-iat", ID_TOKEN, "does not say when it was issued", ["ID-08"];
    ID_TOKEN_OLD = "id-token-old", ID_TOKEN, "was issued a week ago and has not expired", ["ID-08"];
    ID_TOKEN_FROM_THE_FUTURE = "id-token-from-the-future", ID_TOKEN, "is issued in an hour", ["ID-08"];
    ID_TOKEN_NOT_YET_GOOD = "id-token-not-yet-good", ID_TOKEN, "is good in an hour: nbf", ["ID-08"];
    ID_TOKEN_WRONG_NONCE = "id-token-wrong-nonce", ID_TOKEN, "has another nonce than the one sent", ["ID-09"];
    ID_TOKEN_WITHOUT_NONCE = "id-token-without-nonce", ID_TOKEN, "leaves out the nonce that was sent", ["ID-09"];
    ID_TOKEN_WITHOUT_SUB = "id-token-without-sub", ID_TOKEN, "has no subject", ["ID-10"];
    ID_TOKEN_EMPTY_SUB = "id-token-empty-sub", ID_TOKEN, "has an empty subject", ["ID-10"];
    ID_TOKEN_SUB_ARRAY = "id-token-sub-array", ID_TOKEN, "has an array as its subject", ["ID-10"];
    ID_TOKEN_SUB_LONG = "id-token-sub-long", ID_TOKEN, "has a subject of 256 characters", ["ID-10"];
    JWKS_UNAVAILABLE = "jwks-unavailable", "JWKS", "answers 503", ["ID-04", "ID-12"];
    JWKS_EMPTY = "jwks-empty", "JWKS", "has no key", ["ID-04"];
    JWKS_UNKNOWN_KEYS = "jwks-unknown-keys", "JWKS", "has keys of unknown types and uses before the right one, which is allowed", ["ID-12"];
    USERINFO_UNAUTHORIZED = "userinfo-unauthorized", USERINFO, "answers 401 invalid_token to a good access token (/connect/userinfo)", ["RS-03", "ID-13"];
    USERINFO_HTML = "userinfo-html", USERINFO, "answers 200 with an HTML page (/connect/userinfo)", ["ID-13"];
    USERINFO_JWT = "userinfo-jwt", USERINFO, "answers with an unsigned JWT of another user, as application/jwt (/connect/userinfo)", ["ID-13", "ID-05"];
    USERINFO_WITHOUT_SUBJECT = "userinfo-without-subject", USERINFO, "leaves out the subject (/connect/userinfo)", ["ID-13"];
    USERINFO_OTHER_SUBJECT = "userinfo-other-subject", USERINFO, "answers with subject and name of another user", ["ID-13"];
    REFRESH_INVALID_GRANT = "refresh-invalid-grant", REFRESH, "answers 400 invalid_grant to a good refresh token", ["RT-03"];
    REFRESH_NOT_ROTATED = "refresh-not-rotated", REFRESH, "gives no new refresh token; the old one stays good", ["RT-02"];
    REFRESH_HELD = "refresh-held", REFRESH, "keeps the answer back until another token request was answered, one second at most", ["RT-04"];
    REFRESH_ANSWER_LOST = "refresh-answer-lost", REFRESH, "rotates the refresh token, but answers 504 as if the answer had been lost", ["RT-05"];
    REFRESH_OTHER_SUBJECT = "refresh-other-subject", REFRESH, "gives an ID token of another subject, by name too", ["RT-06"];
    REFRESH_OTHER_ISSUER = "refresh-other-issuer", REFRESH, "gives an ID token of another issuer", ["RT-06"];
    REFRESH_UNAVAILABLE = "refresh-unavailable", REFRESH, "answers 503 and leaves the refresh token good", ["RT-05"];
    DEVICE_INTERVAL_UNTOLD = "device-interval-untold", DEVICE, "leaves out the interval, so that 5 seconds hold", ["DV-01"];
    DEVICE_INTERVAL_LONGER = "device-interval-longer", DEVICE, "tells and demands an interval that is 3 seconds longer", ["DV-01"];
    DEVICE_SHORT_LIVED = "device-short-lived", DEVICE, "gives a device code that is good for 5 seconds", ["DV-01"];
    DEVICE_PENDING = "device-pending", DEVICE, "answers a poll with authorization_pending whatever the user decided", ["DV-01"];
    DEVICE_SLOW_DOWN = "device-slow-down", DEVICE, "answers a poll with slow_down however long the device waited", ["DV-02"];
    DEVICE_HANGS = "device-hangs", DEVICE, "holds the answer to a poll back until the device hangs up", ["DV-03"];
    DEVICE_EXPIRED = "device-expired", DEVICE, "answers a poll with expired_token before the time told", ["DV-04"];
    DEVICE_DENIED = "device-denied", DEVICE, "answers a poll with access_denied whatever the user decided", ["DV-04"];
    REVOCATION_REFUSED = "revocation-refused", "revocation", "answers 400 unsupported_token_type and revokes nothing", ["LO-02"];
    REVOCATION_UNAVAILABLE = "revocation-unavailable", "revocation", "answers 503 with Retry-After: 1 and revokes nothing", ["LO-02"];
}
