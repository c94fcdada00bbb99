use std::fmt;
use std::str::FromStr;

use super::RelyingPartyError;

/// Declares the defects as one table: variant, name, what it does, the requirements that it breaks.
macro_rules! defects {
    ($($variant:ident $name:literal [$($requirement:literal),+] $description:literal;)+) => {
        /// One deviation of the application on purpose. Each changes one rule; the honest login still works with it, so that
        /// a scenario which fails with the defect and passes without it has been proved able to fail. Where the honest login
        /// itself is what must be seen to fail, in a browser, the requirements' own scenario tells it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Defect {
            $(#[doc = $description] $variant,)+
        }

        impl Defect {
            /// Every defect, in the order of the protocol.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name on the command line, in kebab-case.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Completes the sentence "the application …".
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => $description,)+
                }
            }

            /// Ids of every requirement that it breaks, the one it was made for first.
            pub fn requirements(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => &[$($requirement,)+],)+
                }
            }
        }
    };
}

defects! {
    AsksForMoreThanCode "asks-for-more-than-code" ["AZ-01"] "asks for a code and an ID token first, and for a code alone when that is refused";
    SecretInState "secret-in-state" ["AZ-05", "AZ-02"] "packs its client secret into the state";
    FixedReports "fixed-reports" ["AZ-10", "GX-18"] "asks for the scope of medical reports and shows a list of its own, without any call";
    AsksForEveryScope "asks-for-every-scope" ["AZ-10", "GX-18"] "asks for the scope of invoices too, and without it when that is refused";
    OmitsRedirectUri "omits-redirect-uri" ["AZ-03", "AZ-09"] "names no redirect URI when a sign-in is tried again after an error";
    ForgetsOfflineAccess "forgets-offline-access" ["GX-17", "GX-06", "RT-01", "RS-03"] "asks for no offline access, although its sessions outlast a token";
    ChangesRedirectUri "changes-redirect-uri" ["TK-03"] "names another redirect URI in the token request than in the authorization request";
    FailsWithoutWords "fails-without-words" ["TK-05"] "ends a sign-in whose token answer is of no use with an empty page";
    FallsOverWithoutMembers "falls-over-without-members" ["TK-05"] "ends a sign-in with an empty page where the token answer is JSON without the members that it reads";
    LosesVerifierAtRepeat "loses-verifier-at-repeat" ["TK-03"] "sends a token request that a limit turned away again without its code verifier";
    NeedsOpener "needs-opener" ["PO-04"] "hears of the end of a sign-in from its popup's opener alone";
    SecretInPage "secret-in-page" ["AZ-02"] "prints its client secret into the start page";
    SecretAsBasic "secret-as-basic" ["AZ-02"] "prints what it authenticates with at the token endpoint, in base64, into the start page";
    SecretInScript "secret-in-script" ["AZ-02"] "prints its client secret into a script";
    ConstantState "constant-state" ["AZ-04", "AZ-09", "CB-06", "AZ-06", "AZ-11"] "sends the same state in every authorization request, with neither PKCE nor nonce";
    StateFromClock "state-from-clock" ["AZ-04", "AZ-06", "AZ-11"] "makes the state from a digest of the time, with neither PKCE nor nonce";
    NoPkce "no-pkce" ["AZ-06"] "sends no code challenge and no code verifier";
    ConstantVerifier "constant-verifier" ["AZ-07", "AZ-09"] "uses the same code verifier for every login";
    DerivesVerifier "derives-verifier" ["AZ-06"] "makes the code verifier of the state that everybody on the way can read";
    DrawsShortVerifiers "draws-short-verifiers" ["AZ-07"] "draws the last four characters of a code verifier only";
    VerifierPerSession "verifier-per-session" ["AZ-07", "AZ-09"] "uses the same code verifier for every login of a session";
    GivesPkceUpAfterServerError "gives-pkce-up-after-server-error" ["AZ-08"] "sends no code challenge in the attempt after one that ended in server_error";
    DowngradesPkce "downgrades-pkce" ["AZ-08"] "starts again without PKCE when the platform answers invalid_request";
    FallsBackToPlain "falls-back-to-plain" ["AZ-08"] "sends its verifier as a plain challenge when it is used again after invalid_request";
    ReusesFailedAttempt "reuses-failed-attempt" ["AZ-09"] "keeps state, nonce and verifier for the login after a failed one";
    KeepsAttemptAfterIdToken "keeps-attempt-after-id-token" ["AZ-09"] "keeps state, nonce and verifier for the login after one whose ID token it refused";
    KeepsAttemptAfterTokenError "keeps-attempt-after-token-error" ["AZ-09"] "keeps state, nonce and verifier for the login after one whose token request failed";
    KeepsAttemptAfterCancel "keeps-attempt-after-cancel" ["AZ-09"] "keeps state, nonce and verifier for the login after one that its user called off at the consent";
    NoNonce "no-nonce" ["AZ-11", "AZ-06", "CB-06"] "sends neither nonce nor PKCE, although it asks for an ID token";
    ConstantNonce "constant-nonce" ["AZ-11"] "sends the same nonce in every authorization request";
    NoncePerSession "nonce-per-session" ["AZ-11", "AZ-06", "AZ-09"] "sends the same nonce in every authorization request of a session, and no code challenge";
    AcceptsAnyState "accepts-any-state" ["CB-01", "CB-06", "AZ-06", "AZ-11"] "takes a response whose state is wrong or missing for its latest attempt, with neither PKCE nor nonce to tell";
    ComparesHalfOfState "compares-half-of-state" ["CB-01", "CB-06", "AZ-06", "AZ-11"] "compares the first half of the state only, with neither PKCE nor nonce to tell";
    ComparesStateInAnyCase "compares-state-in-any-case" ["CB-01", "CB-06", "AZ-06", "AZ-11"] "takes a state with other capitals for the same, with neither PKCE nor nonce to tell";
    ComparesBeginningOfState "compares-beginning-of-state" ["CB-01", "CB-06", "AZ-06", "AZ-11"] "takes a state with more at its end for the same, with neither PKCE nor nonce to tell";
    TakesPartOfState "takes-part-of-state" ["CB-01", "CB-06", "AZ-06", "AZ-11"] "takes the beginning of a state for the whole, with neither PKCE nor nonce to tell";
    FindsStateInside "finds-state-inside" ["CB-01", "CB-06", "AZ-06", "AZ-11"] "looks for its state anywhere in the response's, with neither PKCE nor nonce to tell";
    AcceptsDuplicateParameters "accepts-duplicate-parameters" ["CB-02"] "picks one of two values of a repeated response parameter";
    AcceptsCallbackOfAnotherBrowser "accepts-callback-of-another-browser" ["CB-03"] "keeps its attempts in one place for all browsers";
    RedeemsCodeTwice "redeems-code-twice" ["CB-05", "CB-04"] "keeps an attempt after use, and sends the code again on reload or failure";
    KeepsStateAfterError "keeps-state-after-error" ["CB-04"] "forgets an attempt that signed somebody in, and keeps one that ended in an error";
    TakesResponsesWhereAnyWasBegun "takes-responses-where-any-was-begun" ["CB-03"] "keeps its attempts in one place for everybody, and takes a response in every browser that has begun a sign-in";
    AcceptsUnsolicitedCallback "accepts-unsolicited-callback" ["CB-07", "CB-03"] "redeems a code in a browser that began no login";
    EquatesNoState "equates-no-state" ["CB-07"] "takes a response without a state for the answer to a sign-in that was never begun";
    IgnoresResponseIssuer "ignores-response-issuer" ["CB-08", "CB-09", "CB-10"] "does not look at the iss parameter of the response";
    CutsSlashOfResponseIssuer "cuts-slash-of-response-issuer" ["CB-09"] "compares the response's issuer without its last slash";
    ComparesResponseIssuerInAnyCase "compares-response-issuer-in-any-case" ["CB-09"] "takes a response's issuer with other capitals for the same";
    ComparesHostOfResponseIssuer "compares-host-of-response-issuer" ["CB-09"] "compares the host of the response's issuer only";
    ComparesBeginningOfResponseIssuer "compares-beginning-of-response-issuer" ["CB-08", "CB-09"] "takes a response's issuer with more at its end for the same";
    FindsResponseIssuerInside "finds-response-issuer-inside" ["CB-08", "CB-09"] "looks for its issuer anywhere in the response's";
    TakesNoResponseIssuer "takes-no-response-issuer" ["CB-09"] "takes a response whose promised issuer is missing or empty";
    RefusesAfterCancel "refuses-after-cancel" ["CB-11"] "refuses the login that follows one which its user called off at the consent";
    ErrorLoop "error-loop" ["CB-12", "CB-11"] "starts the next login by itself when a login failed";
    RendersResponseIssuer "renders-response-issuer" ["CB-13"] "puts the response's issuer into the page as HTML";
    RendersErrorDescription "renders-error-description" ["CB-13"] "puts the platform's error_description into the page as HTML";
    DescribesErrorInAttribute "describes-error-in-attribute" ["CB-13"] "puts the platform's error_description into an attribute without escaping its quotes";
    DescribesErrorWithoutBrackets "describes-error-without-brackets" ["CB-13"] "puts the platform's error_description into a script, without its angle brackets";
    EscapesQuotesAlone "escapes-quotes-alone" ["CB-13"] "puts the platform's error_description into a script, its quotes escaped by backslashes and its backslashes not";
    DescribesErrorInHandler "describes-error-in-handler" ["CB-13"] "puts the platform's error_description into the script of a click, escaped as HTML";
    RejectsUnknownParameters "rejects-unknown-parameters" ["CB-14"] "refuses a response with a parameter that it does not know";
    FallsOverAtLongParameters "falls-over-at-long-parameters" ["CB-14", "CB-12"] "answers a response with a value of more than two thousand characters with an empty page";
    KeepsCodeInUrl "keeps-code-in-url" ["CB-15"] "leaves code and state in the address bar after the login";
    GoesOnByScript "goes-on-by-script" ["CB-16"] "goes on by a script of its page to an address that is a script itself";
    RedirectsToScripts "redirects-to-scripts" ["CB-16"] "redirects to an address that is a script";
    ComparesEndOfAddress "compares-end-of-address" ["CB-16"] "returns to an address that ends with its own host and port";
    GoesOnAfterFailure "goes-on-after-failure" ["CB-16"] "goes on to the address that a link to the login named when the sign-in has failed";
    OpenRedirector "open-redirector" ["CB-16"] "redirects to whatever address return_to names";
    TakesAddressWithTab "takes-address-with-tab" ["CB-16"] "returns to an address that begins with one slash, also where a tab follows it";
    RedirectsWhenSignedIn "redirects-when-signed-in" ["CB-16"] "goes on to the address that a link to the login names where somebody is signed in already";
    RedirectsFromCallback "redirects-from-callback" ["CB-16"] "goes on from a sign-in to the address that the response names as `next`";
    RedirectsFromSignOut "redirects-from-sign-out" ["CB-16"] "goes on from a sign-out to the address that a field of the form names";
    ComparesBeginningOfAddress "compares-beginning-of-address" ["CB-16"] "returns to an address that begins with its own scheme, host and port";
    DecodesAddressAgain "decodes-address-again" ["CB-16"] "returns to an address that begins with neither slash nor scheme, decoded once more";
    TakesMessageOfNoOrigin "takes-message-of-no-origin" ["PO-01"] "takes code and state from a message whose origin is `null`";
    TrustsBeginningOfOrigin "trusts-beginning-of-origin" ["PO-01"] "takes code and state from a message whose origin begins with its own scheme and host";
    TrustsOriginTold "trusts-origin-told" ["PO-01"] "takes code and state from a message that says itself that it comes from its own origin";
    TrustsEveryPort "trusts-every-port" ["PO-01"] "takes code and state from a message of its own host, whatever the port";
    TrustsOriginWithOwnInside "trusts-origin-with-own-inside" ["PO-01"] "takes code and state from a message whose origin has its own host and port inside";
    TakesOwnMessageOfAnyOrigin "takes-own-message-of-any-origin" ["PO-01"] "believes whoever says that the sign-in is finished";
    SpinsWhenBlocked "spins-when-blocked" ["PO-03"] "asks its server without a pause whether a popup that was blocked has finished";
    RefusesNewAddress "refuses-new-address" ["ID-11"] "refuses a user who comes with another e-mail than before";
    SessionIdInState "session-id-in-state" ["AZ-05"] "packs the id of the browser's session into the state";
    KnownUserInState "known-user-in-state" ["AZ-05"] "packs the name of whoever signed in before in the same browser into the state";
    DescribesErrorInScript "describes-error-in-script" ["CB-13"] "puts the platform's error_description into a script";
    LinksToErrorUri "links-to-error-uri" ["CB-13"] "links to whatever address error_uri names";
    AcceptsMessageOfAnyOrigin "accepts-message-of-any-origin" ["PO-01"] "takes code and state from a message of any origin";
    PostsToAnyOrigin "posts-to-any-origin" ["PO-02"] "posts the result of the login to target origin *";
    NeedsExpiresIn "needs-expires-in" ["TK-07"] "refuses a token answer that names no lifetime";
    RepeatsNotFound "repeats-not-found" ["GX-14"] "asks again for a resource that is not there";
    NamesInUrls "names-in-urls" ["GX-21"] "puts a patient's data into an address";
    TrustsAnyCertificate "trusts-any-certificate" ["TK-04", "GX-22"] "takes any certificate for the platform's";
    TrustsAnyCertificateAtDiscovery "trusts-any-certificate-at-discovery" ["TK-04", "GX-22"] "takes any certificate for the platform's where it reads the discovery document";
    TrustsAnyCertificateForKeys "trusts-any-certificate-for-keys" ["TK-04", "GX-22"] "takes any certificate for the platform's where it reads the keys";
    TrustsAnyCertificateForUsers "trusts-any-certificate-for-users" ["TK-04", "GX-22"] "takes any certificate for the platform's where it asks who the user is";
    TrustsAnyCertificateAtRefresh "trusts-any-certificate-at-refresh" ["TK-04", "GX-22"] "takes any certificate for the platform's where it refreshes a token";
    TrustsAnyCertificateAtRevocation "trusts-any-certificate-at-revocation" ["TK-04", "GX-22"] "takes any certificate for the platform's where it revokes a token";
    TrustsAnyCertificateForFurtherPages "trusts-any-certificate-for-further-pages" ["TK-04", "GX-22"] "takes any certificate for the platform's where it reads a further page of a list";
    TrustsAnyCertificateForWrites "trusts-any-certificate-for-writes" ["TK-04", "GX-22"] "takes any certificate for the platform's where it writes";
    IgnoresNameInCertificate "ignores-name-in-certificate" ["TK-04", "GX-22"] "takes a certificate of the right authority for any host's";
    StaysLockedAfterPopup "stays-locked-after-popup" ["PO-03"] "keeps its login button locked when the popup was closed";
    MixesAttempts "mixes-attempts" ["PO-05"] "uses the verifier of its latest attempt, whichever one is answered";
    FramesSignIn "frames-sign-in" ["PO-06"] "asks for the platform's login in a hidden frame of its start page";
    PlainBasicCredentials "plain-basic-credentials" ["TK-02"] "joins client id and secret for HTTP Basic as they are";
    SendsSecretTwice "sends-secret-twice" ["TK-01", "CB-05", "RT-06"] "sends the client secret in the header and in the body, and in the header alone when that is refused";
    RefusesTokenTypeCase "refuses-token-type-case" ["TK-06"] "accepts only the spelling `Bearer` of the token type";
    InspectsAccessToken "inspects-access-token" ["TK-08"] "refuses an access token that is no JWT";
    KeepsFirstKeys "keeps-first-keys" ["ID-12"] "never reads the platform's keys again";
    ReadsKeysAgainOnce "reads-keys-again-once" ["ID-12"] "reads the platform's keys again for a new key id once, and never after that";
    TakesFirstKey "takes-first-key" ["ID-12"] "takes the first key of the key set, whatever key the ID token names";
    NeedsKeyId "needs-key-id" ["ID-12"] "refuses an ID token that names no key, although the platform has one only";
    StormsForKeys "storms-for-keys" ["ID-12"] "reads the key set five times over for a key id that it does not know";
    ReadsKeysForEachUnknown "reads-keys-for-each-unknown" ["ID-12"] "reads the key set for every key id that it does not know, however often";
    TripsOverUnknownKeys "trips-over-unknown-keys" ["ID-12"] "refuses a key set with a key of a type that it does not know";
    TrimsClaims "trims-claims" ["CB-09", "ID-01", "ID-02", "ID-09"] "takes blanks off the response's issuer, and off issuer, audience and nonce of the ID token, before it compares them";
    UnpacksClaims "unpacks-claims" ["ID-01", "ID-02", "ID-09"] "takes issuer, audience and nonce of the ID token out of lists, objects and texts of several words";
    TakesNullForAbsent "takes-null-for-absent" ["ID-08", "ID-09", "ID-16"] "does not compare claims of the ID token that are null";
    ReadsAlgorithmLoosely "reads-algorithm-loosely" ["ID-05"] "takes an ID token for signed whose header names no algorithm, or `none` in an unusual way";
    AcceptsLongerHmac "accepts-longer-hmac" ["ID-06"] "accepts an ID token by HS512 with the platform's public key";
    BelievesKeysOfOwnHost "believes-keys-of-own-host" ["ID-07"] "checks the ID token with a key from the address in its own header where that is at the platform's host";
    SkipsIssuerCheck "skips-issuer-check" ["ID-01", "ID-16"] "does not compare the ID token's issuer";
    CutsSlashOfIssuer "cuts-slash-of-issuer" ["ID-01"] "compares the ID token's issuer without its last slash";
    ComparesIssuerInAnyCase "compares-issuer-in-any-case" ["ID-01"] "takes an ID token's issuer with other capitals for the same";
    ComparesHostOfIssuer "compares-host-of-issuer" ["ID-01"] "compares the host of the ID token's issuer only";
    ComparesBeginningOfIssuer "compares-beginning-of-issuer" ["ID-01"] "takes an ID token's issuer with more at its end for the same";
    FindsIssuerInside "finds-issuer-inside" ["ID-01"] "looks for its issuer anywhere in the ID token's";
    TakesNoIssuer "takes-no-issuer" ["ID-16"] "accepts an ID token that names no issuer";
    TakesAnyAlgorithm "takes-any-algorithm" ["ID-16"] "accepts an ID token of every algorithm that fits the key";
    TakesSecretForKey "takes-secret-for-key" ["ID-16"] "accepts an ID token that is signed with its own client secret";
    SkipsAudienceCheck "skips-audience-check" ["ID-02"] "does not compare the ID token's audience";
    ComparesBeginningOfAudience "compares-beginning-of-audience" ["ID-02"] "takes an audience with more at its end for itself";
    FindsAudienceInside "finds-audience-inside" ["ID-02"] "looks for its client id anywhere in the text of the audience";
    ComparesAudienceInAnyCase "compares-audience-in-any-case" ["ID-02"] "takes an audience with other capitals for itself";
    TakesLastAudience "takes-last-audience" ["ID-02"] "compares the last of several audiences only";
    TakesEmptyAudience "takes-empty-audience" ["ID-02"] "accepts an ID token whose list of audiences is empty";
    SkipsAzpCheck "skips-azp-check" ["ID-03"] "does not compare the ID token's authorized party";
    ComparesBeginningOfAzp "compares-beginning-of-azp" ["ID-03"] "takes an authorized party with more at its end for itself";
    SkipsSignatureCheck "skips-signature-check" ["ID-04"] "does not check the ID token's signature";
    TakesFirstKeyForUnknown "takes-first-key-for-unknown" ["ID-04"] "checks an ID token that names an unknown key with the first one";
    DoesWithoutKeys "does-without-keys" ["ID-04"] "takes an ID token as it is when the platform's key set is empty or cannot be read";
    IgnoresCriticalHeader "ignores-critical-header" ["ID-04"] "accepts an ID token with a critical header parameter that it does not know";
    AcceptsAlgNone "accepts-alg-none" ["ID-05"] "accepts an unsigned ID token";
    BlocksOneSpellingOfNone "blocks-one-spelling-of-none" ["ID-05"] "refuses alg `none` in that spelling only, and lets the others through unsigned";
    TakesEmptySignature "takes-empty-signature" ["ID-05"] "does not check a signature that is empty";
    AcceptsHs256PublicKey "accepts-hs256-public-key" ["ID-06"] "accepts an ID token whose HMAC key is the platform's public key";
    TrustsEmbeddedKey "trusts-embedded-key" ["ID-07"] "checks the ID token with the key in its own header";
    FollowsKeyUrl "follows-key-url" ["ID-07"] "checks the ID token with a key from the address in its own header";
    SkipsExpiryCheck "skips-expiry-check" ["ID-08", "ID-17"] "does not look at the times of the ID token";
    AllowsHoursOfSkew "allows-hours-of-skew" ["ID-08"] "takes an ID token that has expired less than two hours ago";
    TakesExpiryOfZero "takes-expiry-of-zero" ["ID-08"] "takes an expiry of 0 for none";
    TakesExpiryInText "takes-expiry-in-text" ["ID-08"] "does not compare an expiry that is no number";
    IgnoresTimeOfIssue "ignores-time-of-issue" ["ID-08", "ID-17"] "does not look at when an ID token was issued";
    IgnoresNotBefore "ignores-not-before" ["ID-17"] "does not look at nbf";
    NeedsExactClock "needs-exact-clock" ["ID-17"] "refuses an ID token whose time of issue or nbf is a second ahead of its own clock";
    SkipsNonceCheck "skips-nonce-check" ["ID-09", "CB-06"] "sends a nonce but does not compare the one that comes back";
    ComparesHalfOfNonce "compares-half-of-nonce" ["ID-09"] "compares the first half of the nonce only";
    ComparesNonceInAnyCase "compares-nonce-in-any-case" ["ID-09"] "takes a nonce with other capitals for the same";
    ComparesBeginningOfNonce "compares-beginning-of-nonce" ["ID-09"] "takes a nonce with more at its end for the same";
    TakesPartOfNonce "takes-part-of-nonce" ["ID-09"] "takes the beginning of a nonce for the whole";
    TakesMissingNonce "takes-missing-nonce" ["ID-09"] "compares the nonce only where the ID token has one";
    TakesNonceOfAnotherAttempt "takes-nonce-of-another-attempt" ["ID-09"] "takes the nonce of any sign-in that was begun in the same browser";
    TrustsKnownBrowsers "trusts-known-browsers" ["ID-01", "ID-02", "ID-04", "ID-09", "ID-13", "CB-08", "GX-02"] "checks neither the response's issuer, the ID token, the user information nor the tenant in a browser where somebody has signed in before";
    AsksLessOfKnownBrowsers "asks-less-of-known-browsers" ["AZ-06", "GX-17"] "sends no code challenge, and asks for no offline access, in a browser where somebody has signed in before";
    AsksMoreOfKnownBrowsers "asks-more-of-known-browsers" ["AZ-10", "GX-18"] "asks for the scope of invoices too in a browser where somebody has signed in before";
    OmitsRedirectUriInKnownBrowsers "omits-redirect-uri-in-known-browsers" ["AZ-03"] "names no redirect URI in a browser where somebody has signed in before";
    SkipsSubjectCheck "skips-subject-check" ["ID-10", "ID-17"] "accepts an ID token that names no subject";
    TakesSubjectOfAnyType "takes-subject-of-any-type" ["ID-10"] "makes a text of whatever the subject is";
    UsesUserinfoOfAnotherSubject "uses-userinfo-of-another-subject" ["ID-13"] "shows the user information of whoever it is about";
    ComparesSubjectLoosely "compares-subject-loosely" ["ID-13"] "takes the subject of the user information for the ID token's when it is spelt with other capitals or has more at its end";
    ComparesSubjectWhereTold "compares-subject-where-told" ["ID-13"] "compares the subject of the user information only where it has one";
    BelievesUnsignedUserInformation "believes-unsigned-user-information" ["ID-13"] "reads user information that comes as a JWT without looking at signature or subject";
    SkipsDiscoveryIssuerCheck "skips-discovery-issuer-check" ["ID-14"] "uses metadata that names another issuer";
    ComparesHostOfDiscoveredIssuer "compares-host-of-discovered-issuer" ["ID-14"] "compares the host of the issuer in the metadata only";
    ComparesBeginningOfDiscoveredIssuer "compares-beginning-of-discovered-issuer" ["ID-14"] "takes metadata whose issuer has more at its end for the platform's";
    TokenInQuery "token-in-query" ["RS-01"] "asks for the user information with the access token in the query first";
    TokenInBodyOfWrites "token-in-body-of-writes" ["RS-01"] "sends the access token in the body of a write too";
    TokenInQueryOfRepeats "token-in-query-of-repeats" ["RS-01"] "sends the access token in the query first where it repeats a call";
    FollowsForeignLink "follows-foreign-link" ["RS-02"] "follows the `Link` header of a list with its access token, wherever it leads";
    FollowsRedirectWithToken "follows-redirect-with-token" ["RS-02"] "follows a redirect of the API to any host, with the token";
    NoRefresh "no-refresh" ["GX-06", "RT-01", "RS-03"] "asks for a new login when the access token has expired";
    KeepsOldRefreshToken "keeps-old-refresh-token" ["RT-02"] "goes on with the first refresh token after a rotation";
    TakesEmptyRefreshToken "takes-empty-refresh-token" ["RT-02"] "takes an empty text for the new refresh token";
    KeepsNoRefreshToken "keeps-no-refresh-token" ["RT-02"] "has no refresh token any more when a refresh returned none";
    LoopsOnInvalidGrant "loops-on-invalid-grant" ["RT-03", "GX-19"] "repeats the refresh that the platform has refused for good";
    RefreshesInParallel "refreshes-in-parallel" ["RT-04"] "lets every waiting request refresh for itself";
    EndsSessionOnRefreshFailure "ends-session-on-refresh-failure" ["RT-05"] "ends the session when a refresh fails for a moment";
    HardWiredTenant "hard-wired-tenant" ["GX-01", "GX-02", "GX-20"] "uses the tenant of its configuration and never asks for the user's";
    SkipsTenantCheck "skips-tenant-check" ["GX-02"] "serves a user of any tenant";
    FindsTenantInside "finds-tenant-inside" ["GX-02"] "looks for the user's tenant anywhere in the text of its own";
    ComparesBeginningOfTenant "compares-beginning-of-tenant" ["GX-02"] "takes a tenant with more at its end for its own";
    ComparesEndOfTenant "compares-end-of-tenant" ["GX-02"] "takes a tenant with more at its beginning for its own";
    TakesFirstOfTenants "takes-first-of-tenants" ["GX-02"] "uses the first of several tenants where any of them is its own";
    TakesOwnTenantForNone "takes-own-tenant-for-none" ["GX-02"] "takes a user of no tenant for one of its own";
    AllOrNothingConsent "all-or-nothing-consent" ["GX-03"] "refuses the login when the user refused one scope";
    CallsWithoutScope "calls-without-scope" ["GX-04"] "calls the API for a feature whose scope was refused";
    TriesClientCredentials "tries-client-credentials" ["GX-05"] "asks for a token without a user first";
    SignsInAgainOnForbidden "signs-in-again-on-forbidden" ["GX-07", "RS-04"] "starts a login when the API answers 403";
    StopsAfterFirstPage "stops-after-first-page" ["GX-08"] "shows the first page of a list only";
    IgnoresRetryAfter "ignores-retry-after" ["GX-09", "GX-10", "RS-05"] "repeats a limited request at once";
    HurriesWithWrites "hurries-with-writes" ["GX-09", "RS-05"] "repeats a limited write at once";
    WritesTwiceAfterRefresh "writes-twice-after-refresh" ["GX-06", "RS-03"] "sends a write twice when a refresh has followed its refusal";
    TellsLostWriteAsMade "tells-lost-write-as-made" ["GX-06", "RS-03"] "refreshes when a write was answered 401, does not repeat it, and says that it was made";
    TellsConflictAsMade "tells-conflict-as-made" ["GX-12"] "says of a write that met a conflict that it was made";
    RefusesUnknownFields "refuses-unknown-fields" ["GX-11"] "fails on an answer with a field that it does not know";
    WritesAgainWithoutReading "writes-again-without-reading" ["GX-12"] "repeats a write after a conflict as it was";
    RepeatsRejectedWrite "repeats-rejected-write" ["GX-13"] "repeats a write that broke a business rule";
    CrashesWithoutMembers "crashes-without-members" ["GX-15"] "answers 500 where an answer of the API lacks the members that it reads";
    GivesUpOnServerError "gives-up-on-server-error" ["GX-15", "LO-02"] "does not repeat a request after a server error";
    KeepsEndedSession "keeps-ended-session" ["GX-19", "RT-03", "LO-05"] "leaves its user signed in when the access has ended, and says that the platform does not answer";
    IgnoresDeactivation "ignores-deactivation" ["GX-19"] "goes on showing what it read before the user was deactivated";
    SharesDataBetweenUsers "shares-data-between-users" ["GX-20", "GX-19"] "shows the lists that another user has read before";
    ScriptReadableCookie "script-readable-cookie" ["SE-01"] "sets its session cookie without HttpOnly";
    KeepsSessionId "keeps-session-id" ["SE-02"] "keeps the session id at login";
    KeepsSessionIdAfterFailure "keeps-session-id-after-failure" ["SE-02"] "keeps the session id at a login that follows one which failed";
    KeepsOldSessionAlive "keeps-old-session-alive" ["SE-02"] "signs in the session id from before the sign-in beside the new one";
    OpensLaterCookies "opens-later-cookies" ["SE-01"] "sets its session cookie without HttpOnly from the second sign-in in a browser on";
    KeepsLaterSessionIds "keeps-later-session-ids" ["SE-02"] "keeps the session id at a login in a browser where somebody has signed in before";
    TokensInLocalStorage "tokens-in-local-storage" ["SE-03"] "hands its tokens to the browser's storage";
    PrintsTokenRequest "prints-token-request" ["AZ-02", "SE-03"] "prints the token request, with secret and code verifier, where a sign-in failed";
    TellsTokenInHeader "tells-token-in-header" ["SE-03"] "sends the call that failed, with its access token, in a header of the page that says so";
    TokensInConsole "tokens-in-console" ["SE-03"] "writes its tokens to the browser's console";
    TokensInPopup "tokens-in-popup" ["SE-03"] "writes its tokens into the last page of its popup, which closes at once";
    TokensInPackedCookie "tokens-in-packed-cookie" ["SE-03"] "packs its tokens into a cookie, compressed, until its popup closes";
    IdTokenInPage "id-token-in-page" ["SE-03"] "prints the ID token into its pages";
    TokensInLog "tokens-in-log" ["SE-03"] "writes its tokens to its log";
    LogsFailedCalls "logs-failed-calls" ["SE-03"] "writes a call that the platform could not answer to its log, with its access token";
    ForgetsToRevoke "forgets-to-revoke" ["LO-01"] "does not revoke the refresh token at logout";
    TakesRefusalAsRevoked "takes-refusal-as-revoked" ["LO-02"] "takes a 503 at revocation for success";
    KnowsUsersByEmail "knows-users-by-email" ["ID-11"] "takes a user for whoever signed in first with the same e-mail";
    RepeatsBooking "repeats-booking" ["RS-06"] "sends a booking again when its answer is lost";
    PollsInAStorm "polls-in-a-storm" ["GX-09", "GX-16"] "reads the lists of those who are signed in more than once a second while nobody looks";
    PollsAfterRemoval "polls-after-removal" ["LO-01", "LO-05"] "goes on reading in the background for a user who has signed out, or whose access has ended";
    PollsTooFast "polls-too-fast" ["DV-01", "DV-02", "DV-03"] "polls twice as often as the platform asks, as a device";
    IgnoresCodeLifetime "ignores-code-lifetime" ["DV-01"] "polls on when its device code has expired";
    IgnoresSlowDown "ignores-slow-down" ["DV-02"] "keeps its polling interval when the platform answers slow_down";
    KeepsPaceAfterTimeout "keeps-pace-after-timeout" ["DV-03"] "keeps its polling interval after a poll that was not answered";
    HidesUserCode "hides-user-code" ["DV-04"] "shows a link that has the user code in it, but not the code";
    PollsAfterRefusal "polls-after-refusal" ["DV-04"] "polls on after the platform has refused its device code for good";
    RestartsDeviceSignIn "restarts-device-sign-in" ["DV-04"] "asks for a new device code by itself when the platform has refused one";
    ListensEverywhere "listens-everywhere" ["NA-01"] "listens on every address of the machine for the response, as a native application";
    KeepsListening "keeps-listening" ["NA-01"] "goes on listening when the response has come, as a native application";
    RedirectsToLocalhost "redirects-to-localhost" ["NA-01", "AZ-03"] "names `localhost` in its redirect URI, as a native application";
    NamesUsersFromIdToken "names-users-from-id-token" ["ID-15"] "takes the user's name from the ID token alone, and shows the subject where there is none";
    HardWiresPaths "hard-wires-paths" ["AZ-12"] "asks for the platform's endpoints at paths of its own, whatever the discovery document says";
    HardWiresRevocation "hard-wires-revocation" ["AZ-12", "LO-01"] "asks for revocation at a path of its own, whatever the discovery document says";
    StrictStateCookie "strict-state-cookie" ["AC-08"] "keeps the state of a login in a cookie that is SameSite=Strict, which no response from another site brings back";
    WaitsAFixedSecond "waits-a-fixed-second" ["GX-09", "GX-10", "RS-05"] "waits one second after a 429, whatever Retry-After says";
    ReadsNoDates "reads-no-dates" ["GX-09", "GX-10", "RS-05"] "takes a Retry-After that is a date for no wait at all";
    CapsRetryAfter "caps-retry-after" ["GX-09", "GX-10", "RS-05"] "waits a second and a half at most, whatever Retry-After says";
    HurriesWithoutRetryAfter "hurries-without-retry-after" ["RS-05"] "repeats a limited request at once where no Retry-After came with the refusal";
    HurriesAtTheTokenEndpoint "hurries-at-the-token-endpoint" ["GX-10"] "waits as told at the API, and repeats a limited token request at once";
    RetriesForEver "retries-for-ever" ["GX-15"] "repeats a read after a server error until it is answered";
    RetriesAtAFixedPace "retries-at-a-fixed-pace" ["GX-15"] "waits equally long before each attempt after a server error";
    HasNoTimeLimit "has-no-time-limit" ["TK-05", "GX-15"] "waits for an answer of the platform for ever";
    FollowsTokenRedirect "follows-token-redirect" ["RS-02"] "follows a redirect of the token endpoint, with code and secret";
    FollowsRevocationRedirect "follows-revocation-redirect" ["RS-02"] "follows a redirect of the revocation endpoint, with token and secret";
    FollowsRefreshRedirect "follows-refresh-redirect" ["RS-02"] "follows a redirect of the token endpoint at a refresh, with refresh token and secret";
    SecretInRevocationQuery "secret-in-revocation-query" ["RS-02"] "asks for a revocation with the secret in the query first";
    FollowsForeignNext "follows-foreign-next" ["RS-02"] "follows a `next` link of a list to any host, with the token";
    AdvancesByTheLimit "advances-by-the-limit" ["GX-08"] "goes on in a list by the limit that it asked for, not by what came";
    EndsAtAShortPage "ends-at-a-short-page" ["GX-08"] "takes a page with fewer entries than it asked for as the last one";
    ShowsOneOfAName "shows-one-of-a-name" ["GX-08"] "shows one of several patients who have the same name";
    CrashesOnEmptyList "crashes-on-empty-list" ["GX-08"] "answers 500 where a list is empty";
    NeedsKnownStatus "needs-known-status" ["GX-11"] "fails on a status that it does not know";
    NeedsOrderOfMembers "needs-order-of-members" ["GX-11"] "sees hasMore only where it comes after the items";
    WritesOldBodyAgain "writes-old-body-again" ["GX-12"] "reads again after a conflict, and writes what it had read before";
    RepeatsDroppedBooking "repeats-dropped-booking" ["RS-06"] "sends a booking again when the connection was closed without an answer";
    RefreshesInTurn "refreshes-in-turn" ["RT-04"] "lets every waiting request refresh, one after the other";
    TakesOverAtRefresh "takes-over-at-refresh" ["RT-06"] "takes the user of a new ID token for the session's";
    ComparesRefreshedNamesAlone "compares-refreshed-names-alone" ["RT-06"] "compares issuer and subject of an ID token that a refresh brings, and looks at neither its signature nor its audience";
    RefreshesAgainAndAgain "refreshes-again-and-again" ["GX-06", "RS-03"] "refreshes and repeats a call for as long as it is answered 401";
    AsksAgainWhoIsSignedIn "asks-again-who-is-signed-in" ["RS-03"] "asks who the user is a dozen times over where it is answered 401";
    RefreshesWithoutLifetime "refreshes-without-lifetime" ["TK-07"] "refreshes before every call where the token answer named no lifetime";
    ReadsMissingScopeAsNone "reads-missing-scope-as-none" ["TK-07"] "takes a token answer without scope for one that grants nothing";
    TakesDpopForBearer "takes-dpop-for-bearer" ["TK-06"] "uses an access token that is bound to a key (DPoP) as a bearer token";
    TakesNoTokenType "takes-no-token-type" ["TK-06"] "uses an access token of which no type is told as a bearer token";
    TakesAnyTokenType "takes-any-token-type" ["TK-06"] "uses an access token of a type that it does not know";
    NeedsClaimsInAccessToken "needs-claims-in-access-token" ["TK-08"] "refuses an access token that is a JWT and names no user";
    KeepsShortTokens "keeps-short-tokens" ["TK-08"] "keeps the first 4096 characters of an access token";
    TriesClientCredentialsAtRefresh "tries-client-credentials-at-refresh" ["GX-05"] "asks for a token without a user when the user's has expired";
    IgnoresTheTenantFound "ignores-the-tenant-found" ["GX-20", "GX-01"] "asks who the user is, and uses the first tenant of its configuration";
    KeepsListsAtSignOut "keeps-lists-at-sign-out" ["GX-20"] "shows the lists that were read in the same browser before the last sign-out";
    SharesOneToken "shares-one-token" ["GX-20"] "calls the API with the token of whoever signed in first";
    SharesTokenAtCentre "shares-token-at-centre" ["GX-20"] "calls the API with the token of whoever of the same medical centre signed in first";
    CrashesOnRefusedFeature "crashes-on-refused-feature" ["GX-03"] "answers 500 where the user refused the scope of a feature";
    AnswersEvery403Alike "answers-every-403-alike" ["GX-07"] "says the same of a missing permission and of a missing scope";
    FailsSilently "fails-silently" ["GX-14", "GX-15"] "shows an empty list where a call failed";
    CodesInLinks "codes-in-links" ["GX-21"] "puts patients' fiscal codes into the addresses of links";
    PagesMayBeKept "pages-may-be-kept" ["LO-03"] "lets the browser keep pages with data";
    RevokesFirstRefreshToken "revokes-first-refresh-token" ["LO-01"] "revokes at logout the refresh token that came with the sign-in, however often it was replaced";
    FollowsRedirectOfFurtherPages "follows-redirect-of-further-pages" ["RS-02"] "follows a redirect of a list's further pages to any host, with the token";
    FollowsRedirectOfWrites "follows-redirect-of-writes" ["RS-02"] "follows a redirect of a write to any host, with the token";
    FollowsRedirectOfUserInformation "follows-redirect-of-user-information" ["RS-02"] "follows a redirect of the user information to any host, with the token";
    HurriesWithFurtherPages "hurries-with-further-pages" ["GX-09", "RS-05"] "repeats at once a further page of a list that is limited";
    HidesLostPages "hides-lost-pages" ["GX-08"] "ends a list without a word where a further page of it fails";
    EndsSessionAtFurtherPage "ends-session-at-further-page" ["GX-06", "RT-01", "RS-03"] "ends the session where a further page of a list is answered 401";
    SignsInAgainForPatients "signs-in-again-for-patients" ["GX-07", "RS-04"] "starts a login when the API answers 403 to its patients";
    KeepsPatientsOfTheDeactivated "keeps-patients-of-the-deactivated" ["GX-19", "RT-03", "LO-05"] "shows the patients that it read before when the access has ended";
    TellsFailedBookingAsMade "tells-failed-booking-as-made" ["GX-15"] "says of a booking that met a server error that it was made";
    TellsRejectedBookingAsMade "tells-rejected-booking-as-made" ["GX-13"] "says of a booking that broke a business rule that it was made";
    TakesAnyTokenTypeAtRefresh "takes-any-token-type-at-refresh" ["TK-06"] "uses an access token of a type that it does not know where a refresh brings it";
    ReadsMissingScopeAsNoneAtRefresh "reads-missing-scope-as-none-at-refresh" ["TK-07"] "takes the answer to a refresh without scope for one that grants nothing";
    KeepsScopesAtRefresh "keeps-scopes-at-refresh" ["GX-04"] "does not notice that a refresh takes scopes away";
    TakesUserInformationAtRefresh "takes-user-information-at-refresh" ["ID-13"] "asks again who the user is at a refresh, and takes whoever is named";
    PlainBasicCredentialsAtRefresh "plain-basic-credentials-at-refresh" ["TK-02"] "joins client id and secret for HTTP Basic as they are where it refreshes";
    AsksForEveryScopeAtRefresh "asks-for-every-scope-at-refresh" ["RT-06"] "asks at a refresh for all the scopes that it asked for at the sign-in";
    LosesThirdRefreshToken "loses-third-refresh-token" ["RT-02"] "keeps the refresh token before it at the third refresh of a session";
    IdTokenInPageAfterRefresh "id-token-in-page-after-refresh" ["SE-03"] "prints the ID token into its pages when a token was refreshed";
    ForgetsPlatformSessionAtRefresh "forgets-platform-session-at-refresh" ["LO-04"] "forgets at a refresh which session of the platform its user came with";
    TokenInQueryAfterRefresh "token-in-query-after-refresh" ["RS-01"] "sends the access token in the query first where it came with a refresh";
    SlowDownIsFatal "slow-down-is-fatal" ["DV-02"] "gives up when the platform answers slow_down, as a device";
    LogoutKeepsSession "logout-keeps-session" ["LO-03"] "deletes the cookie at logout but not the session";
    SignsOutByOneState "signs-out-by-one-state" ["LO-06"] "sends the same state with every sign-out at the platform";
    ForgetsHintAfterRefresh "forgets-hint-after-refresh" ["LO-06"] "forgets at a refresh by which ID token the platform knows whose session ends";
    TellsSecretAtSignOut "tells-secret-at-sign-out" ["AZ-02"] "sends its client secret through the browser when it signs out at the platform";
    ForgetsIdTokenHint "forgets-id-token-hint" ["LO-06"] "sends its users to the platform's sign-out without telling by an ID token who they are";
    TakesStateForAddress "takes-state-for-address" ["LO-06"] "goes on to the address that a return from the platform's sign-out has as its state";
    IgnoresLogoutSignature "ignores-logout-signature" ["LO-04"] "does not check the signature of a logout token";
    ReadsLogoutTokensLoosely "reads-logout-tokens-loosely" ["LO-04"] "looks for issuer, client id and event anywhere in a logout token's claims";
    TakesIdTokenForLogout "takes-id-token-for-logout" ["LO-04"] "takes an ID token for a logout token";
    EndsNothingAtLogoutToken "ends-nothing-at-logout-token" ["LO-04"] "answers 200 to a good logout token and ends no session";
    EndsSessionsOfEither "ends-sessions-of-either" ["LO-04"] "ends all sessions of the user and the session that a logout token names, although it names one session";
    EndsEverySession "ends-every-session" ["LO-04"] "ends everybody's session at a logout token of one user";
    NeedsNoTimeInLogoutToken "needs-no-time-in-logout-token" ["LO-04"] "obeys a logout token that does not say when it was issued";
    AcceptsBadLogoutTokens "accepts-bad-logout-tokens" ["LO-04"] "answers 200 to a logout token that it does not obey";
}

impl Defect {
    /// Whether the application has this defect. Reads well on `Option<Defect>` at the one rule that it breaks.
    pub(super) fn is(self, chosen: Option<Self>) -> bool {
        chosen == Some(self)
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Defect {
    type Err = RelyingPartyError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|defect| defect.name() == name)
            .ok_or_else(|| RelyingPartyError::UnknownDefect { name: name.to_owned() })
    }
}
