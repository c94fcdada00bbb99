use axum::response::{IntoResponse, Redirect, Response};
use url::Url;

use super::authorize::AuthorizationRequest;
use super::fault as f;
use super::near_misses as near;
use crate::oauth::ErrorCode;
use crate::{Shared, Trace};

/// What an authorization request comes to.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Granted { code: String },
    Refused { code: &'static str, description: String },
}

/// Sets the canary that a scenario looks for, wherever a page puts it as it is: it ends an attribute in either quotes, a comment, and
/// every element whose content is no markup. No standard allows these characters (RFC 6749 section 4.1.2.1); whoever makes a link does.
const MARKUP: &str = "x\" data-collaudo-canary=\"1' data-collaudo-canary='1 --></textarea></title></style></script>\
    <img src=collaudo-canary onerror=window.collaudoCanary=1>";
/// Goes on as script wherever a page puts it between quotes of a script, of whatever kind: the quotes end, and begin again.
const QUOTES: &str = "'-(window.collaudoCanary=1)-'\"-(window.collaudoCanary=1)-\"`-(window.collaudoCanary=1)-`${window.collaudoCanary=1}";
/// The same where quotes get a backslash and backslashes get none.
const BACKSLASH: &str = r#"\";window.collaudoCanary=1;//\';window.collaudoCanary=1;//"#;
/// What a link must not lead to.
const SCRIPT: &str = "javascript:window.collaudoCanary=1";
/// What a careless application would copy into its own headers.
const LINE_BREAK: &str = "refused\r\nSet-Cookie: collaudoCanary=1; Path=/";
/// Characters of a long value: the whole address stays shorter than what every server takes (RFC 9110 section 4.1 recommends 8000).
const LONG: usize = 3072;
/// No host of this name exists (RFC 6761 section 6.4).
pub(super) const OTHER_ISSUER: &str = "https://account.attacker.invalid";

/// Errors that replace the answer to a granted request while they are armed.
const ERRORS: [(&str, &str, &str); 8] = [
    (f::ERROR_INVALID_REQUEST, "invalid_request", "code_challenge_method is not supported"),
    (f::ERROR_INTERACTION_REQUIRED, "interaction_required", "the user must do something first"),
    (f::ERROR_UNAUTHORIZED_CLIENT, "unauthorized_client", "the application may not do this"),
    (f::ERROR_INVALID_SCOPE, "invalid_scope", "the requested scope is not available"),
    (f::ERROR_SERVER_ERROR, "server_error", "something went wrong"),
    (f::ERROR_TEMPORARILY_UNAVAILABLE, "temporarily_unavailable", "try again later"),
    (f::ERROR_LOGIN_REQUIRED, "login_required", "the user is not signed in"),
    (f::ERROR_UNKNOWN, "gipo_unheard_of", "an error that no standard defines"),
];

type Parameters = Vec<(&'static str, String)>;
type Edit = fn(&mut Parameters);

/// Faults of the answer, each with the parameter without which it cannot fire.
const EDITS: [(&str, &str, Edit); 43] = [
    (f::STATE_FORGED, "state", |parameters| edit(parameters, "state", |state| forge(&state))),
    (f::STATE_LAST_CHARACTER, "state", |parameters| edit(parameters, "state", |state| near::other_last_character(&state))),
    (f::STATE_OTHER_CASE, "state", |parameters| edit(parameters, "state", |state| near::other_case(&state))),
    (f::STATE_LONGER, "state", |parameters| edit(parameters, "state", |state| near::longer(&state))),
    (f::STATE_BLANK, "state", |parameters| edit(parameters, "state", |state| near::with_blank(&state))),
    (f::STATE_CUT, "state", |parameters| edit(parameters, "state", |state| near::cut(&state))),
    (f::STATE_HALF, "state", |parameters| edit(parameters, "state", |state| near::half(&state))),
    (f::STATE_PRECEDED, "state", |parameters| edit(parameters, "state", |state| near::preceded(&state))),
    (f::STATE_MISSING, "state", |parameters| parameters.retain(|(name, _)| *name != "state")),
    (f::STATE_EMPTY, "state", |parameters| edit(parameters, "state", |_| String::new())),
    (f::STATE_DUPLICATED, "state", |parameters| repeat(parameters, "state")),
    (f::STATE_FORGED_SECOND, "state", |parameters| {
        repeat(parameters, "state");
        edit_last(parameters, forge);
    }),
    (f::STATE_FORGED_FIRST, "state", |parameters| forge_first(parameters, "state")),
    (f::CODE_FORGED_SECOND, "code", |parameters| {
        repeat(parameters, "code");
        edit_last(parameters, forge);
    }),
    (f::CODE_FORGED_FIRST, "code", |parameters| forge_first(parameters, "code")),
    (f::CODE_UNKNOWN, "code", |parameters| edit(parameters, "code", |code| forge(&code))),
    (f::ERROR_DESCRIPTION_LINE_BREAK, "code", |parameters| deny(parameters, "error_description", LINE_BREAK)),
    (f::ERROR_DESCRIPTION_MARKUP, "code", |parameters| deny(parameters, "error_description", MARKUP)),
    (f::ERROR_DESCRIPTION_QUOTES, "code", |parameters| fail(parameters, QUOTES)),
    (f::ERROR_DESCRIPTION_BACKSLASH, "code", |parameters| fail(parameters, BACKSLASH)),
    (f::ERROR_DESCRIPTION_LONG, "code", |parameters| fail(parameters, &"please try again later. ".repeat(LONG / 24))),
    (f::ERROR_URI_SCRIPT, "code", |parameters| deny(parameters, "error_uri", SCRIPT)),
    (f::ISS_MARKUP, "code", |parameters| {
        deny(parameters, "error_description", "the user has cancelled");
        edit(parameters, "iss", |_| MARKUP.to_owned());
    }),
    (f::STATE_MARKUP, "code", |parameters| {
        deny(parameters, "error_description", "the user has cancelled");
        edit(parameters, "state", |_| MARKUP.to_owned());
    }),
    (f::ERROR_CODE_MARKUP, "code", |parameters| {
        parameters.retain(|(name, _)| *name != "code");
        parameters.push(("error", MARKUP.to_owned()));
    }),
    (f::CODE_DUPLICATED, "code", |parameters| repeat(parameters, "code")),
    (f::ISS_WRONG, "iss", |parameters| edit(parameters, "iss", |_| OTHER_ISSUER.to_owned())),
    (f::ISS_LONGER_HOST, "iss", |parameters| edit(parameters, "iss", |iss| near::with_longer_host(&iss))),
    (f::ISS_IN_ANOTHER, "iss", |parameters| edit(parameters, "iss", |iss| near::in_another(&iss))),
    (f::ISS_OTHER_PORT, "iss", |parameters| edit(parameters, "iss", |iss| near::at_other_port(&iss))),
    (f::ISS_OTHER_PATH, "iss", |parameters| edit(parameters, "iss", |iss| near::at_other_path(&iss))),
    (f::ISS_OTHER_SCHEME, "iss", |parameters| edit(parameters, "iss", |iss| near::of_other_scheme(&iss))),
    (f::ISS_BLANK, "iss", |parameters| edit(parameters, "iss", |iss| near::with_blank(&iss))),
    (f::ISS_QUERY, "iss", |parameters| edit(parameters, "iss", |iss| near::with_query(&iss))),
    (f::ISS_USER, "iss", |parameters| edit(parameters, "iss", |iss| near::of_a_user(&iss))),
    (f::ISS_EMPTY, "iss", |parameters| edit(parameters, "iss", |_| String::new())),
    (f::ISS_TRAILING_SLASH, "iss", |parameters| edit(parameters, "iss", |iss| format!("{iss}/"))),
    (f::ISS_OTHER_CASE, "iss", |parameters| edit(parameters, "iss", |iss| iss.to_ascii_uppercase())),
    (f::ISS_PERCENT_ENCODED, "iss", |parameters| edit(parameters, "iss", |iss| iss.replace('/', "%2F"))),
    (f::ISS_MISSING, "iss", |parameters| parameters.retain(|(name, _)| *name != "iss")),
    (f::EXTRA_PARAMETERS, "iss", |parameters| {
        parameters.push(("gipo_region", "it-north".to_owned()));
        parameters.push(("session_state", "a1b2.c3d4".to_owned()));
    }),
    (f::EXTRA_PARAMETERS_LONG, "iss", |parameters| parameters.push(("gipo_trace", "0123456789abcdef".repeat(LONG / 16)))),
    (f::EXTRA_PARAMETERS_ODD, "iss", |parameters| {
        for name in ["0", "constructor", "hasOwnProperty", "__proto__", "gipo.region-2"] {
            parameters.push((name, "Nord-Est: \u{e8} \u{65e5}\u{672c} %zz + & = ; [] {}".to_owned()));
        }
    }),
];

/// The answer to the user's decision, faults included.
pub(super) fn answer_decision(shared: &Shared, trace: &Trace, request: &AuthorizationRequest, outcome: &Outcome) -> Response {
    let edited = edited(shared, trace, parameters(shared, request, outcome));
    redirect(&named_besides(shared, &request.redirect_uri), &edited)
}

/// Members of an answer that a fault may edit; others stay as they are.
const MEMBERS: [&str; 6] = ["code", "state", "iss", "error", "error_description", "error_uri"];

/// Where a browser goes with an answer that a target gave at this address, as the relay's own and with its faults.
pub(super) fn answer_of_target(shared: &Shared, trace: &Trace, redirect_uri: &str, address: &Url) -> Option<Url> {
    let registered = Url::parse(redirect_uri).ok()?;
    let mut kept: Vec<(String, String)> = registered.query_pairs().into_owned().collect();
    let (mut parameters, mut others) = (Parameters::new(), Vec::new());
    for (name, value) in address.query_pairs().into_owned() {
        let own = kept.iter().position(|(key, kept)| *key == name && *kept == value);
        match (own, MEMBERS.into_iter().find(|member| *member == name)) {
            (Some(own), _) => drop(kept.remove(own)),
            (None, Some("iss")) => parameters.push(("iss", shared.issuer_text().to_owned())),
            (None, Some(member)) => parameters.push((member, value)),
            (None, None) => others.push((name, value)),
        }
    }
    let edited = edited(shared, trace, parameters);
    let mut url = Url::parse(&named_besides(shared, redirect_uri)).ok()?;
    url.query_pairs_mut().extend_pairs(edited).extend_pairs(others);
    Some(url)
}

/// The parameters as armed faults leave them.
fn edited(shared: &Shared, trace: &Trace, mut parameters: Parameters) -> Parameters {
    if let Some(at) = parameters.iter().position(|(name, _)| *name == "code")
        && let Some((_, code, description)) = ERRORS.into_iter().find(|(fault, ..)| trace.fires(&shared.faults, fault))
    {
        parameters.splice(at..=at, [("error", code.to_owned()), ("error_description", description.to_owned())]);
    }
    if let Some(name) = near::other_name(shared, trace) {
        edit(&mut parameters, "iss", |_| name.clone());
    }
    for (fault, needed, edit) in EDITS {
        if parameters.iter().any(|(name, _)| *name == needed) && trace.fires(&shared.faults, fault) {
            edit(&mut parameters);
        }
    }
    parameters
}

/// The redirect URI with what a lever lets every response name, in the place of what it has there.
fn named_besides(shared: &Shared, redirect_uri: &str) -> String {
    let named = shared.named_besides();
    let Some((url, (_, value))) = Url::parse(redirect_uri).ok().zip(named.first()) else { return redirect_uri.to_owned() };
    let is_address = |other: &str| other.starts_with('/') || other.starts_with("http");
    let mut changed = url.clone();
    changed.set_query(None);
    let kept = url.query_pairs().into_owned().filter(|(name, _)| !named.iter().any(|(other, _)| other == name));
    let kept = kept.map(|(name, other)| if is_address(&other) { (name, value.clone()) } else { (name, other) });
    changed.query_pairs_mut().extend_pairs(kept).extend_pairs(&named);
    changed.into()
}

/// The answer at the client's redirect URI (RFC 6749 sections 4.1.2 and 4.1.2.1).
pub(super) fn answer(shared: &Shared, request: &AuthorizationRequest, outcome: &Outcome) -> Response {
    redirect(&request.redirect_uri, &parameters(shared, request, outcome))
}

fn parameters(shared: &Shared, request: &AuthorizationRequest, outcome: &Outcome) -> Parameters {
    let mut parameters = match outcome {
        Outcome::Granted { code } => vec![("code", code.clone())],
        Outcome::Refused { code, description } => {
            vec![("error", (*code).to_owned()), ("error_description", printable(description))]
        }
    };
    parameters.extend(request.state.clone().map(|state| ("state", state)));
    // RFC 9207 section 2: in errors as well.
    parameters.push(("iss", shared.issuer_text().to_owned()));
    parameters
}

/// The characters that an error description may have (RFC 6749 section 4.1.2.1).
pub(super) fn printable(text: &str) -> String {
    text.chars().filter(|c| (' '..='~').contains(c) && !matches!(c, '"' | '\\')).collect()
}

/// Keeps a query that the redirect URI already has (RFC 6749 section 3.1.2). 303: the browser must not post the user's
/// password on (RFC 9700 section 4.12).
fn redirect(redirect_uri: &str, parameters: &Parameters) -> Response {
    let Ok(mut url) = Url::parse(redirect_uri) else {
        return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    url.query_pairs_mut().extend_pairs(parameters);
    ([(axum::http::header::CACHE_CONTROL, "no-store")], Redirect::to(url.as_str())).into_response()
}

fn edit(parameters: &mut Parameters, name: &str, change: impl Fn(String) -> String) {
    for (_, value) in parameters.iter_mut().filter(|(key, _)| *key == name) {
        *value = change(std::mem::take(value));
    }
}

fn edit_last(parameters: &mut Parameters, change: impl Fn(&str) -> String) {
    if let Some((_, value)) = parameters.last_mut() {
        *value = change(value);
    }
}

fn repeat(parameters: &mut Parameters, name: &str) {
    let copy: Parameters = parameters.iter().filter(|(key, _)| *key == name).cloned().collect();
    parameters.extend(copy);
}

/// access_denied in the place of the code, with one member more.
fn deny(parameters: &mut Parameters, member: &'static str, value: &str) {
    parameters.retain(|(name, _)| *name != "code");
    parameters.push(("error", ErrorCode::AccessDenied.to_string()));
    parameters.push((member, value.to_owned()));
}

/// server_error in the place of the code: some describe that to people, and not what the user did.
fn fail(parameters: &mut Parameters, description: &str) {
    parameters.retain(|(name, _)| *name != "code");
    parameters.push(("error", ErrorCode::ServerError.to_string()));
    parameters.push(("error_description", description.to_owned()));
}

/// A forged value before the right one.
fn forge_first(parameters: &mut Parameters, name: &'static str) {
    let sent = parameters.iter().position(|(key, _)| *key == name).unwrap_or_default();
    let forged = forge(&parameters[sent].1);
    parameters.insert(sent, (name, forged));
}

/// The text with its first character changed. Not the last: the last bits of a base64 text may mean nothing.
fn forge(text: &str) -> String {
    let mut characters = text.chars();
    let other = if characters.next() == Some('A') { 'B' } else { 'A' };
    std::iter::once(other).chain(characters).collect()
}
