use axum::response::Response;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::fault as f;
use super::id_token::{self, header};
use super::jwt::{Draft, SignError, Signature};
use super::keys::{self, KeyError};
use super::store::{Grant, GrantId};
use super::token_answer::edit_good;
use crate::oauth::{ScopeSet, giponext};
use crate::{Shared, Trace};

#[derive(Debug, thiserror::Error)]
pub(crate) enum IssueError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error("the code is not a fresh one of this client")]
    NotFresh,
}

/// What a token answer is made from.
pub(super) struct Issue<'a> {
    pub id: GrantId,
    pub grant: &'a Grant,
    /// Scopes of the access token: all granted ones, or fewer at a refresh.
    pub scopes: ScopeSet,
    pub nonce: Option<&'a str>,
    /// A text, unless a fault puts something else there.
    pub refresh_token: Option<Value>,
    /// Whether a refresh token was redeemed.
    pub refreshed: bool,
}

/// Issues the tokens and writes the answer (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3).
pub(super) async fn answer(shared: &Shared, trace: &Trace, issue: Issue<'_>) -> Result<Response, IssueError> {
    let mut issue = issue;
    if trace.fires(&shared.faults, f::TOKEN_NARROWER_SCOPE) {
        issue.scopes = narrowed(&issue.scopes);
    }
    let access_token = access_token(shared, trace, &issue).await?;
    let mut answer = Map::new();
    answer.insert("access_token".to_owned(), access_token.clone().into());
    answer.insert("token_type".to_owned(), "Bearer".into());
    answer.insert("expires_in".to_owned(), shared.settings.assumptions.access_token_lifetime_seconds.into());
    answer.insert("scope".to_owned(), issue.scopes.to_string().into());
    if issue.scopes.contains(giponext::OPENID) {
        let id_token = id_token::issue(shared, trace, &issue, &access_token).await?;
        shared.authorizations().add_id_token(issue.grant.subject.clone(), SecretString::from(id_token.clone()));
        answer.insert("id_token".to_owned(), id_token.into());
    }
    if let Some(refresh_token) = issue.refresh_token {
        answer.insert("refresh_token".to_owned(), refresh_token);
    }
    trace.note(|facts| {
        facts.subject = Some(issue.grant.subject.0.clone());
        facts.scopes = Some(issue.scopes.to_vec());
    });
    Ok(edited(shared, trace, answer, issue.refreshed))
}

/// A good answer as armed faults leave it.
pub(super) fn edited(shared: &Shared, trace: &Trace, mut answer: Map<String, Value>, refreshed: bool) -> Response {
    for (fault, edit) in EDITS {
        if trace.fires(&shared.faults, fault) {
            edit(&mut answer);
        }
    }
    edit_good(shared, trace, &Value::Object(answer), refreshed)
}

type Edit = fn(&mut Map<String, Value>);

/// Faults of a good answer.
const EDITS: [(&str, Edit); 7] = [
    (f::TOKEN_EXTRA_MEMBERS, |answer| {
        answer.insert("gipo_session".to_owned(), serde_json::json!({"region": "it-north", "shard": 7}));
        answer.insert("ext_expires_in".to_owned(), 9999.into());
    }),
    (f::TOKEN_TYPE_MIXED_CASE, |answer| {
        answer.insert("token_type".to_owned(), "bEaReR".into());
    }),
    (f::TOKEN_TYPE_UNKNOWN, |answer| {
        answer.insert("token_type".to_owned(), "mac".into());
    }),
    (f::TOKEN_TYPE_DPOP, |answer| {
        answer.insert("token_type".to_owned(), "DPoP".into());
    }),
    (f::TOKEN_WITHOUT_TYPE, |answer| {
        answer.shift_remove("token_type");
    }),
    (f::TOKEN_WITHOUT_EXPIRES_IN, |answer| {
        answer.shift_remove("expires_in");
    }),
    (f::TOKEN_WITHOUT_SCOPE, |answer| {
        answer.shift_remove("scope");
    }),
];

/// Issues an access token (C-45, RFC 9068 section 2).
pub(super) async fn access_token(shared: &Shared, trace: &Trace, issue: &Issue<'_>) -> Result<String, IssueError> {
    let (grant, scopes) = (issue.grant, &issue.scopes);
    let keys = keys::signing(shared).await?;
    let now = shared.clock.now_seconds();
    let lifetime = i64::try_from(shared.settings.assumptions.access_token_lifetime_seconds).unwrap_or(i64::MAX);
    let expires_at = now.saturating_add(lifetime);
    let mut claims = Map::new();
    let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    claim("iss", shared.issuer_text().into());
    claim("aud", format!("{}/v2", shared.issuer_text()).into());
    claim("sub", grant.subject.0.clone().into());
    claim("client_id", grant.client_id.clone().into());
    claim("scope", scopes.to_string().into());
    if let Some(tenant) = shared.accounts().user(&grant.subject).and_then(|user| user.tenant) {
        claim(&shared.settings.assumptions.tenant_claim, tenant.0.into());
    }
    claim("iat", now.into());
    claim("nbf", now.into());
    claim("exp", expires_at.into());
    claim("jti", shared.random.token(16).into());
    let mut header = header(keys.algorithm.name(), Some(&keys.kid));
    header.insert("typ".to_owned(), "at+jwt".into());
    let mut draft = Draft { header, claims, signature: Signature::By(&keys.pair) };
    let given = match in_another_form(shared, trace, &mut draft)? {
        Some(given) => given,
        None => draft.sign()?,
    };
    shared.authorizations().add_access_token(issue.id, given.clone(), scopes.clone(), now..expires_at);
    Ok(given)
}

/// The access token that armed faults put in the place of one, where they do.
pub(super) fn in_another_form(shared: &Shared, trace: &Trace, draft: &mut Draft<'_>) -> Result<Option<String>, SignError> {
    let large = trace.fires(&shared.faults, f::TOKEN_LARGE);
    if large {
        draft.claims.insert("groups".to_owned(), vec!["a-role-of-the-medical-centre"; 280].into());
    }
    let reference = trace.fires(&shared.faults, f::TOKEN_OTHER_JWT);
    if reference {
        draft.header.insert("typ".to_owned(), "reference+jwt".into());
        draft.claims.retain(|name, _| name == "jti");
    }
    if trace.fires(&shared.faults, f::TOKEN_OPAQUE) {
        return Ok(Some(format!("0~._-+/{}==", shared.random.token(24))));
    }
    if large || reference { draft.sign().map(Some) } else { Ok(None) }
}

/// Without the last scope of a resource.
pub(super) fn narrowed(scopes: &ScopeSet) -> ScopeSet {
    let last = giponext::RESOURCES.iter().rfind(|resource| scopes.contains(resource));
    scopes.iter().filter(|scope| last != Some(scope)).collect()
}
