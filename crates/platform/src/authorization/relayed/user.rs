use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::super::bearer::{BearerRefusal, authenticate_bearer};
use super::super::parameters::Parameters;
use super::super::token_answer::json_answer;
use super::super::userinfo::{Shown, faulty, refused_for, shown};
use super::{Incoming, ask, upstream, with_real_token};
use crate::accounts::UserId;
use crate::api::in_place_of_user_information;
use crate::domain::Credential;
use crate::{Shared, Trace};

/// The UserInfo endpoint (OpenID Connect Core section 5.3).
pub(super) async fn userinfo(
    State(shared): State<Arc<Shared>>,
    Extension(trace): Extension<Trace>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if Parameters::parse(&body).get("access_token").is_some() {
        trace.note(|facts| facts.credentials.push(Credential::Body));
    }
    let subject = match authenticate_bearer(&shared, &headers, uri.query(), &trace) {
        // Only a lever makes a token expire here.
        Err(BearerRefusal::Expired) => return refused_for(BearerRefusal::Expired),
        known => known.ok().map(|grant| grant.subject),
    };
    let instead = in_place_of_user_information(&shared, &trace, uri.path());
    let instead = instead.or_else(|| faulty(&shared, &trace, subject.as_ref().unwrap_or(&UserId(String::new()))));
    if let Some(response) = instead {
        return response;
    }
    let headers = upstream(&shared).map_or_else(|_| headers.clone(), |target| with_real_token(target, &headers));
    let answer = match ask(&shared, &trace, "userinfo_endpoint", Incoming { method: &method, uri: &uri, headers: &headers, body }).await {
        Ok(answer) => answer,
        Err(instead) => return instead,
    };
    let shown = subject.filter(|_| answer.status.is_success()).and_then(|subject| shown(&shared, &trace, &subject));
    let (Some(Shown { user, subject, other }), Some(mut claims)) = (shown, answer.json()) else {
        return answer.into_response();
    };
    match subject {
        Some(subject) => drop(claims.insert("sub".to_owned(), subject)),
        None => drop(claims.shift_remove("sub")),
    }
    if other {
        let (name, given, family) = (user.name(), user.given_name, user.family_name);
        claims.extend([("name", name), ("given_name", given), ("family_name", family)].map(|(name, text)| (name.to_owned(), text.into())));
        if let Some(email) = claims.get_mut("email") {
            *email = user.email.into();
        }
    }
    json_answer(StatusCode::OK, &Value::Object(claims))
}
