//! What the features call a fault, and its name at the platform.

use crate::platform::{Aim, Times, Trigger};

/// (what a step says after "the platform will …", fault)
const PHRASES: &[(&str, &str)] = &[
    ("answer the authorization request with a state that nobody sent", "state-forged"),
    ("answer the authorization request with no state", "state-missing"),
    ("answer the authorization request with an empty state", "state-empty"),
    ("answer the authorization request with two states", "state-duplicated"),
    ("answer the authorization request with two codes", "code-duplicated"),
    ("answer the authorization request with the name of another issuer", "iss-wrong"),
    ("answer the authorization request with no issuer", "iss-missing"),
    ("answer the authorization request with the error invalid_scope", "error-invalid-scope"),
    ("answer the authorization request with the error server_error", "error-server-error"),
    ("answer the authorization request with the error temporarily_unavailable", "error-temporarily-unavailable"),
    ("answer the authorization request with the error login_required", "error-login-required"),
    ("answer the authorization request with the error no_such_error_code", "error-unknown"),
    ("answer the authorization request with markup in the error's description", "error-description-markup"),
    ("answer the authorization request with parameters that no text defines", "extra-parameters"),
    ("answer the authorization request with a parameter of three kilobytes that no text defines", "extra-parameters-long"),
    ("answer the authorization request with parameters of odd names that no text defines", "extra-parameters-odd"),
    ("answer the authorization request with an error and three kilobytes of description", "error-description-long"),
    ("answer the token request with invalid_grant", "token-invalid-grant"),
    ("answer the token request with invalid_client", "token-invalid-client"),
    ("answer the token request with an internal server error", "token-server-error"),
    ("answer the token request with a web page", "token-html"),
    ("answer the token request with broken JSON", "token-bad-json"),
    ("answer the token request with nothing", "token-empty"),
    ("answer the token request with an object without members", "token-object"),
    ("answer the token request with an empty list", "token-list"),
    ("answer the token request with an unknown token type", "token-type-unknown"),
    ("answer the token request with a token type of another proof", "token-type-dpop"),
    ("answer the token request with no token type", "token-without-type"),
    ("answer the token request with a token type in mixed case", "token-type-mixed-case"),
    ("answer the token request with no lifetime", "token-without-expires-in"),
    ("answer the token request with no scope", "token-without-scope"),
    ("answer the token request with members that no text defines", "token-extra-members"),
    ("issue an ID token of another issuer", "id-token-wrong-issuer"),
    ("issue an ID token for another client", "id-token-wrong-audience"),
    ("issue an ID token without an audience", "id-token-without-audience"),
    ("issue an ID token with a further, unknown audience", "id-token-extra-audience"),
    ("issue an ID token with its audience in a list", "id-token-audience-array"),
    ("issue an ID token with a broken signature", "id-token-bad-signature"),
    ("issue an ID token without a signature", "id-token-alg-none"),
    ("issue an ID token signed with the public key as a secret", "id-token-hs256-public-key"),
    ("issue an ID token that brings its own key", "id-token-foreign-key"),
    ("issue an ID token that brings its own certificate", "id-token-x5c"),
    ("issue an ID token that names a key set elsewhere", "id-token-jku"),
    ("issue an ID token that names a certificate elsewhere", "id-token-x5u"),
    ("issue an ID token that names an empty file as its key", "id-token-kid-path"),
    ("issue an ID token that expired ten minutes ago", "id-token-expired"),
    ("issue an ID token without an expiry", "id-token-without-exp"),
    ("issue an ID token with another nonce", "id-token-wrong-nonce"),
    ("issue an ID token without a nonce", "id-token-without-nonce"),
    ("issue an ID token without a subject", "id-token-without-sub"),
    ("issue an ID token with an empty subject", "id-token-empty-sub"),
    ("answer who is signed in with somebody else", "userinfo-other-subject"),
    ("answer the refresh with no new refresh token", "refresh-not-rotated"),
    ("answer the refresh with an empty refresh token", "refresh-token-empty"),
    ("answer the refresh with null for a refresh token", "refresh-token-null"),
    ("answer the refresh with invalid_grant", "refresh-invalid-grant"),
    ("answer every call with more than is documented", "api-additive"),
    ("answer every call with a status of the first entry that no document names", "api-unknown-status"),
    ("give two entries of every list the same name", "api-namesakes"),
    ("answer every call with an object without members", "api-other-object"),
    ("answer every call with an empty list", "api-other-list"),
    ("answer every call with a lack of scope", "api-insufficient-scope"),
    ("answer every call with a lack of permission", "api-insufficient-permission"),
    ("answer every call with not found", "api-not-found"),
    ("answer every call with a redirect to another host", "api-redirect"),
    ("answer the next authorization request with the error server_error", "error-server-error"),
    ("answer the next authorization request with the error invalid_request", "error-invalid-request"),
    ("keep the answer to a refresh back until another is asked for", "refresh-held"),
    ("redeem every code whatever the code verifier is", "pkce-ignored"),
    ("answer the next two refreshes with not available", "refresh-unavailable"),
    ("give an access token that is no JWT", "token-opaque"),
    ("give an access token of more than 8 KB", "token-large"),
    ("sign ID tokens with a new key", "id-token-new-key"),
    ("sign ID tokens with a further new key", "id-token-newer-key"),
    ("lose the answer to the next refresh", "refresh-answer-lost"),
    ("answer the next write with a conflict", "api-conflict"),
    ("answer every write with a conflict", "api-conflict"),
    ("answer every write with a broken business rule", "api-unprocessable"),
    ("answer the next token request with a rate limit of 1 second", "token-rate-limited"),
    ("answer the next revocation with not available", "revocation-unavailable"),
    ("issue an ID token given to another party", "id-token-wrong-azp"),
    ("separate its pages from their opener", "coop-same-origin"),
    ("show a certificate that it signed itself", "tls-self-signed"),
    ("show a certificate of another host", "tls-wrong-host"),
    ("show a certificate that has expired", "tls-expired"),
    ("answer the next call with a rate limit of 1 second", "api-rate-limited"),
    ("answer every call with a rate limit of 1 second", "api-rate-limited"),
    ("answer the next two calls with a bad gateway", "api-bad-gateway"),
    ("carry out the next write and lose its answer", "api-answer-lost"),
    ("tell devices no interval", "device-interval-untold"),
    ("tell devices an interval that is 3 seconds longer", "device-interval-longer"),
    ("give devices codes that are good for 5 seconds", "device-short-lived"),
    ("leave every poll pending", "device-pending"),
    ("answer the next two polls with slow_down", "device-slow-down"),
    ("hold the answer to the next poll back", "device-hangs"),
    ("answer every poll with expired_token", "device-expired"),
    ("answer every poll with access_denied", "device-denied"),
    ("answer the authorization request with a code that nobody issued", "code-unknown"),
    ("answer the token request with not available", "token-unavailable"),
    ("answer the token request with a rate limit of 1 second", "token-rate-limited"),
    ("answer the token request with a redirect to another host", "token-redirect"),
    ("answer the token request with half of its body", "token-cut-body"),
    ("answer the token request with five megabytes of white space", "token-huge"),
    ("answer the token request with a body that comes in pieces", "token-slow-body"),
    ("answer the token request with fewer scopes than were granted", "token-narrower-scope"),
    ("lose the answer to the token request", "token-answer-lost"),
    ("hold the answer to the token request back", "token-hangs"),
    ("answer the next token request with a rate limit of 3 seconds", "token-rate-limited-longer"),
    ("answer the next token request with a rate limit until a date", "token-rate-limited-date"),
    ("answer the refresh with an ID token of somebody else", "refresh-other-subject"),
    ("answer the refresh with an ID token of another issuer", "refresh-other-issuer"),
    ("answer every refresh with not available", "refresh-unavailable"),
    ("refuse to revoke anything", "revocation-refused"),
    ("refuse to say who is signed in", "userinfo-unauthorized"),
    ("name another medical centre as the user's", "userinfo-other-tenant"),
    ("refuse one call as if its token had expired", "api-unauthorized-once"),
    ("refuse every call as if its token had expired", "api-unauthorized"),
    ("answer every call with a redirect to another host that keeps the method", "api-redirect-as-it-is"),
    ("answer every call with a redirect to another host for good", "api-redirect-for-good"),
    ("name a page of another host in every list", "api-foreign-next"),
    ("answer the next call with a rate limit of 2 seconds", "api-rate-limited-longer"),
    ("answer the next call with a rate limit of 3 seconds", "api-rate-limited-longest"),
    ("answer the next call with a rate limit until a date", "api-rate-limited-date"),
    ("answer the next call with a rate limit without a time", "api-rate-limited-silent"),
    ("answer the next call with not available", "api-unavailable"),
    ("answer every call with an internal server error", "api-server-error"),
    ("answer every call with a bad gateway", "api-bad-gateway"),
    ("answer every call with not available", "api-unavailable"),
    ("answer every call with an internal server error and a web page", "api-html-error"),
    ("answer every call with a web page", "api-html"),
    ("answer every call with broken JSON", "api-broken-json"),
    ("answer every call with nothing", "api-empty-body"),
    ("answer every call with half of its body", "api-cut-body"),
    ("answer every call with a body that comes in pieces", "api-slow-body"),
    ("close the connection on every read", "api-drop-read"),
    ("hold the answer to every call back", "api-hang"),
    ("put a few entries on each page and say that there are more", "api-short-pages"),
    ("carry out the next write and close the connection", "api-drop-after-write"),
    ("close the connection on the next write", "api-drop-before-write"),
    ("answer every revocation with a redirect to another host", "revocation-redirect"),
    ("give an access token that is a JWT of another kind", "token-other-jwt"),
];

fn phrases() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    PHRASES.iter().chain(super::near_miss_phrases::PHRASES)
}

/// Words that aim a fault at one kind of exchange, and those of the phrase that they stand for.
const AIMS: [(&str, &str, Aim); 10] = [
    ("issue the next ID token", "issue an ID token", Aim::Everything),
    ("every further page", "every call", Aim::FurtherPages),
    ("the next further page", "the next call", Aim::FurtherPages),
    ("the next further page", "one call", Aim::FurtherPages),
    ("every write", "every call", Aim::Writes),
    ("the next write", "the next call", Aim::Writes),
    ("the next write", "one call", Aim::Writes),
    ("the question who is signed in", "every call", Aim::Userinfo),
    ("every refresh", "the token request", Aim::Refreshes),
    (" at every refresh", "", Aim::Refreshes),
];

/// The fault that a phrase names, how often it fires, and at what.
pub fn fault(phrase: &str) -> Option<(&'static str, Trigger)> {
    let named = |phrase: &str| phrases().find(|(known, _)| *known == phrase).map(|(_, fault)| *fault);
    let aimed = || {
        let aims = AIMS.into_iter().filter(|(words, ..)| phrase.contains(words));
        aims.into_iter().find_map(|(words, of_all, aim)| Some((named(&phrase.replacen(words, of_all, 1))?, aim)))
    };
    let (fault, aim) = named(phrase).map(|fault| (fault, Aim::Everything)).or_else(aimed)?;
    let times = match phrase {
        _ if phrase.contains("the next two ") => Times::Next(2),
        _ if phrase.contains("the next ") => Times::Next(1),
        _ => Times::Always,
    };
    Some((fault, Trigger { times, aim }))
}

/// The fault that a step's text arms, or a cell of the table of a step that tries several.
pub fn armed(text: &str) -> Option<&'static str> {
    fault(named(text).unwrap_or(text)).map(|(fault, _)| fault)
}

/// What a step's text says that the platform does.
fn named(step: &str) -> Option<&str> {
    step.strip_prefix("the platform will ").or_else(|| step.split_once(" starts while the platform is to ").map(|(_, named)| named))
}

/// Whether every cell of a step that tries several faults, one after the other, names one that exists.
pub fn resolves_each(step: &cucumber::gherkin::Step) -> bool {
    let cells = step.table.iter().flat_map(|table| &table.rows).filter_map(|row| row.first());
    !step.value.ends_with(" once for each of these") || cells.into_iter().all(|cell| fault(cell).is_some())
}

/// Whether a step that arms a fault names one that exists; every other step is none of this room's business.
pub fn resolves(step: &str) -> bool {
    named(step).is_none_or(|phrase| fault(phrase).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_names_a_fault_of_the_platform() {
        for (phrase, fault) in phrases() {
            assert!(crate::platform::faults().any(|known| known.name == *fault), "{phrase}: no fault {fault}");
        }
        assert!(resolves("the popup closes"));
        assert!(!resolves("the platform will sing"));
    }
}
