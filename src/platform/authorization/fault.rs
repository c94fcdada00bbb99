use crate::platform::Fault;

const RESPONSE: &str = "authorization response";
const TOKEN: &str = "token answer";
const ID_TOKEN: &str = "ID token";
const REFRESH: &str = "refresh";
const DEVICE: &str = "device";

macro_rules! faults {
    ($($constant:ident = $name:literal, $area:expr, $effect:literal, [$($requirement:literal),*];)*) => {
        $(pub(in crate::platform) const $constant: &str = $name;)*
        /// The faults of the authorization server, in the order of the protocol.
        pub const FAULTS: &[Fault] = &[
            $(Fault { name: $name, area: $area, effect: $effect, requirements: &[$($requirement),*] },)*
        ];
    };
}

faults! {
    COOP_SAME_ORIGIN = "coop-same-origin", "sign-in pages", "sends sign-in and consent pages with `Cross-Origin-Opener-Policy: same-origin`", ["PO-04"];
    STATE_FORGED = "state-forged", RESPONSE, "returns a state that differs from the sent one in one character", ["CB-01"];
    STATE_MISSING = "state-missing", RESPONSE, "leaves out the state", ["CB-01"];
    STATE_EMPTY = "state-empty", RESPONSE, "returns an empty state", ["CB-01"];
    STATE_DUPLICATED = "state-duplicated", RESPONSE, "returns the state twice", ["CB-02"];
    CODE_DUPLICATED = "code-duplicated", RESPONSE, "returns the code twice", ["CB-02"];
    ISS_WRONG = "iss-wrong", RESPONSE, "names another issuer", ["CB-08"];
    ISS_TRAILING_SLASH = "iss-trailing-slash", RESPONSE, "names its issuer with a slash at the end, which is another text", ["CB-09"];
    ISS_MISSING = "iss-missing", RESPONSE, "leaves out the issuer although the metadata promise it", ["CB-09"];
    EXTRA_PARAMETERS = "extra-parameters", RESPONSE, "adds parameters that no standard defines", ["CB-14"];
    ERROR_INVALID_SCOPE = "error-invalid-scope", RESPONSE, "answers a granted request with the error invalid_scope", ["CB-12"];
    ERROR_SERVER_ERROR = "error-server-error", RESPONSE, "answers a granted request with the error server_error", ["CB-12"];
    ERROR_TEMPORARILY_UNAVAILABLE = "error-temporarily-unavailable", RESPONSE, "answers a granted request with the error temporarily_unavailable", ["CB-12"];
    ERROR_LOGIN_REQUIRED = "error-login-required", RESPONSE, "answers a granted request with the error login_required", ["CB-12"];
    ERROR_UNKNOWN = "error-unknown", RESPONSE, "answers a granted request with an error code that no standard defines", ["CB-12"];
    ERROR_DESCRIPTION_MARKUP = "error-description-markup", RESPONSE, "answers a granted request with access_denied and a description that is markup", ["CB-13"];
    PKCE_IGNORED = "pkce-ignored", TOKEN, "redeems a code whatever the code verifier is", ["CB-06"];
    TOKEN_INVALID_GRANT = "token-invalid-grant", TOKEN, "answers 400 invalid_grant to a good request and leaves the code unused", ["TK-05"];
    TOKEN_INVALID_CLIENT = "token-invalid-client", TOKEN, "answers 401 invalid_client to a client that authenticated well", ["TK-05"];
    TOKEN_SERVER_ERROR = "token-server-error", TOKEN, "answers 500", ["TK-05"];
    TOKEN_UNAVAILABLE = "token-unavailable", TOKEN, "answers 503 and leaves the code unused", ["TK-05", "CB-05"];
    TOKEN_RATE_LIMITED = "token-rate-limited", TOKEN, "answers 429 with Retry-After: 1 and leaves the code unused", ["GX-10", "TK-05"];
    TOKEN_HTML = "token-html", TOKEN, "answers 200 with an HTML page", ["TK-05"];
    TOKEN_BAD_JSON = "token-bad-json", TOKEN, "answers 200 with JSON that is cut off", ["TK-05"];
    TOKEN_EMPTY = "token-empty", TOKEN, "answers 200 with an empty body", ["TK-05"];
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
    ID_TOKEN_HS256_PUBLIC_KEY = "id-token-hs256-public-key", ID_TOKEN, "is signed with HS256 and the public key's PEM text as the secret", ["ID-06"];
    ID_TOKEN_FOREIGN_KEY = "id-token-foreign-key", ID_TOKEN, "is signed with a key that its own header brings along and that no JWKS has", ["ID-07"];
    ID_TOKEN_EXPIRED = "id-token-expired", ID_TOKEN, "expired ten minutes ago", ["ID-08"];
    ID_TOKEN_WITHOUT_EXP = "id-token-without-exp", ID_TOKEN, "has no expiry", ["ID-08"];
    ID_TOKEN_WRONG_NONCE = "id-token-wrong-nonce", ID_TOKEN, "has another nonce than the one sent", ["ID-09"];
    ID_TOKEN_WITHOUT_NONCE = "id-token-without-nonce", ID_TOKEN, "leaves out the nonce that was sent", ["ID-09"];
    ID_TOKEN_WITHOUT_SUB = "id-token-without-sub", ID_TOKEN, "has no subject", ["ID-10"];
    ID_TOKEN_EMPTY_SUB = "id-token-empty-sub", ID_TOKEN, "has an empty subject", ["ID-10"];
    USERINFO_OTHER_SUBJECT = "userinfo-other-subject", "userinfo", "answers with subject and name of another user", ["ID-13"];
    REFRESH_INVALID_GRANT = "refresh-invalid-grant", REFRESH, "answers 400 invalid_grant to a good refresh token", ["RT-03"];
    REFRESH_NOT_ROTATED = "refresh-not-rotated", REFRESH, "gives no new refresh token; the old one stays good", ["RT-02"];
    REFRESH_UNAVAILABLE = "refresh-unavailable", REFRESH, "answers 503 and leaves the refresh token good", ["RT-05"];
    DEVICE_INTERVAL_UNTOLD = "device-interval-untold", DEVICE, "leaves out the interval, so that 5 seconds hold", ["DV-01"];
    DEVICE_INTERVAL_LONGER = "device-interval-longer", DEVICE, "tells and demands an interval that is 3 seconds longer", ["DV-01"];
    DEVICE_PENDING = "device-pending", DEVICE, "answers a poll with authorization_pending whatever the user decided", ["DV-01"];
    DEVICE_SLOW_DOWN = "device-slow-down", DEVICE, "answers a poll with slow_down however long the device waited", ["DV-02"];
    DEVICE_HANGS = "device-hangs", DEVICE, "holds the answer to a poll back until the device hangs up", ["DV-03"];
    DEVICE_EXPIRED = "device-expired", DEVICE, "answers a poll with expired_token before the time told", ["DV-04"];
    DEVICE_DENIED = "device-denied", DEVICE, "answers a poll with access_denied whatever the user decided", ["DV-04"];
    REVOCATION_UNAVAILABLE = "revocation-unavailable", "revocation", "answers 503 with Retry-After: 1 and revokes nothing", ["LO-02"];
}
