use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::Answer;
use super::body::parse_unambiguous;
use super::clinic::{Clinic, Records};
use super::document::Body;
use super::error::ApiError;
use super::{damage, faults};
use crate::accounts::TenantId;
use crate::authorization::authenticate_bearer;
use crate::domain::Credential;
use crate::{Aim, Shared, Trace};

/// The largest id, version and offset (`int32` of the document).
pub(super) const MOST: usize = i32::MAX as usize;

/// One operation on a resource: who may call it, and what it does.
#[derive(Clone, Copy)]
pub(super) struct Operation {
    pub method: MethodFilter,
    /// Needed in the token and as the user's permission (C-52, C-53).
    pub scope: &'static str,
    /// Whether the user must be allowed to write.
    pub writes: bool,
    pub run: fn(&Call, &mut Records) -> Result<Answer, ApiError>,
}

impl Operation {
    pub(super) const fn read(scope: &'static str, run: fn(&Call, &mut Records) -> Result<Answer, ApiError>) -> Self {
        Self { method: MethodFilter::GET, scope, writes: false, run }
    }

    pub(super) const fn write(method: MethodFilter, scope: &'static str, run: fn(&Call, &mut Records) -> Result<Answer, ApiError>) -> Self {
        Self { method, scope, writes: true, run }
    }
}

/// The authorised request, as an operation sees it.
pub(super) struct Call {
    pub path: String,
    pub limits: Limits,
    id: Option<String>,
    query: Vec<(String, String)>,
    if_match: Option<String>,
    json: bool,
    body: Bytes,
}

/// Entries of a list page (C-56).
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub default: usize,
    pub max: usize,
    /// Less than a call may ask for, where the server has lowered what it gives: it tells so.
    pub lowered: Option<usize>,
    /// Less than the limit that is told, where a fault says so.
    pub most: Option<usize>,
}

impl Limits {
    pub(super) fn of(shared: &Shared, clinic: &Clinic) -> Self {
        let assumed = &shared.settings.assumptions;
        let default = clinic.page_limit.unwrap_or(assumed.default_page_limit);
        Self { default, max: assumed.max_page_limit.max(default), lowered: clinic.page_limit, most: None }
    }
}

impl Call {
    /// The entity's id in the path.
    pub(super) fn id(&self) -> Result<u32, ApiError> {
        let text = self.id.as_deref().unwrap_or_default();
        let id = canonical(text).filter(|id| (1..=MOST).contains(&(*id as usize)));
        id.ok_or_else(|| ApiError::Malformed("the id in the path must be an integer from 1 to 2147483647".to_owned()))
    }

    /// A query parameter that is named at most once.
    pub(super) fn parameter(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let mut values = self.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let value = values.next();
        match values.next() {
            None => Ok(value),
            Some(_) => Err(ApiError::Malformed(format!("the parameter {name} must be given once"))),
        }
    }

    pub(super) fn number(&self, name: &str, least: usize, most: usize) -> Result<Option<usize>, ApiError> {
        let Some(text) = self.parameter(name)? else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or_else(|| ApiError::Malformed(format!("the parameter {name} must be an integer from {least} to {most}")))
    }

    pub(super) fn parsed<T: std::str::FromStr>(&self, name: &str, shape: &str) -> Result<Option<T>, ApiError> {
        let Some(text) = self.parameter(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| ApiError::Malformed(format!("the parameter {name} must be {shape}")))
    }

    /// An id or a version among the query parameters.
    pub(super) fn id_parameter(&self, name: &str) -> Result<Option<u32>, ApiError> {
        Ok(self.number(name, 1, MOST)?.and_then(|number| u32::try_from(number).ok()))
    }

    /// Whether If-Match, where it is sent, names this version (RFC 9110 section 13.1.1).
    pub(super) fn matches(&self, version: u32) -> bool {
        let tag = format!("\"{version}\"");
        self.if_match.as_deref().is_none_or(|tags| tags.split(',').map(str::trim).any(|sent| sent == "*" || sent == tag))
    }

    /// The JSON body, as the API's document has it.
    pub(super) fn body<T: DeserializeOwned>(&self, shape: &Body) -> Result<T, ApiError> {
        if !self.json {
            return Err(ApiError::Malformed("the body must be JSON, with the Content-Type application/json".to_owned()));
        }
        let body = parse_unambiguous(&self.body).map_err(|error| ApiError::Malformed(format!("the body is malformed: {error}")))?;
        if let Some(mismatch) = shape.mismatch(&body) {
            return Err(ApiError::Malformed(format!("the body is no {}: at {mismatch}", shape.definition())));
        }
        // Read, changed and sent back, an entity has the path's id.
        let named = |id: &Value| id.as_u64().or_else(|| id.as_str()?.parse().ok());
        if let (Some(named), Ok(own)) = (body.get("id").and_then(named), self.id())
            && named != u64::from(own)
        {
            return Err(ApiError::business("id", "the body is of another one than the path"));
        }
        // A date that no calendar has, such as a moment after the last of the year 9999.
        serde_json::from_value(body).map_err(|_| ApiError::business("body", "the body names a date or time that cannot be"))
    }
}

/// The route of one resource path.
pub(super) fn resource(operations: &'static [Operation]) -> MethodRouter<Arc<Shared>> {
    operations.iter().fold(MethodRouter::new(), |router, operation| {
        router.on(
            operation.method,
            async |State(shared): State<Arc<Shared>>,
                   Extension(trace): Extension<Trace>,
                   Path(segments): Path<HashMap<String, String>>,
                   OriginalUri(uri): OriginalUri,
                   headers: HeaderMap,
                   body: Bytes| {
                let request = Incoming { segments, path: uri.path(), query: uri.query(), headers: &headers, body };
                let response = match serve(&shared, &trace, operation, request) {
                    Ok(answer) => damage::after(&shared, &trace, operation.writes, answer.into_response()),
                    Err(refusal) => *refusal,
                };
                faults::edit(&shared, &trace, uri.path(), response).await
            },
        )
    })
}

struct Incoming<'a> {
    segments: HashMap<String, String>,
    path: &'a str,
    query: Option<&'a str>,
    headers: &'a HeaderMap,
    body: Bytes,
}

/// The rules of every resource call, in their order: token, rate limit, scope, permission, tenant, then the operation's own.
fn serve(shared: &Shared, trace: &Trace, operation: &Operation, request: Incoming<'_>) -> Result<Answer, Box<Response>> {
    let segment = request.segments.get("tenantId").cloned().unwrap_or_default();
    trace.note(|facts| {
        facts.needed_scope = Some(operation.scope.to_owned());
        facts.tenant = Some(segment.clone());
    });
    if operation.writes {
        trace.is_of(Aim::Writes);
    }
    let query: Vec<(String, String)> = url::form_urlencoded::parse(request.query.unwrap_or_default().as_bytes()).into_owned().collect();
    if query.iter().any(|(name, value)| name == "offset" && value != "0") {
        trace.is_of(Aim::FurtherPages);
    }
    if shows_token(&request.body) {
        trace.note(|facts| facts.credentials.push(Credential::Body));
    }
    let refuse = |error: ApiError| Box::new(faults::refused(trace, error));
    let grant =
        authenticate_bearer(shared, request.headers, request.query, trace).map_err(|refusal| Box::new(super::unauthorized(refusal)))?;
    super::admit(shared, trace, &grant.client_id)?;
    faults::at_the_front(shared, trace, request.path).map_or(Ok(()), |response| Err(Box::new(response)))?;

    let granted = grant.scopes.contains(operation.scope) && !trace.fires(&shared.faults, faults::INSUFFICIENT_SCOPE);
    if !granted {
        return Err(refuse(ApiError::InsufficientScope(operation.scope)));
    }

    let user = shared.accounts().user(&grant.subject).cloned().ok_or_else(|| refuse(ApiError::InvalidToken))?;
    let permitted = user.may(operation.scope, operation.writes) && !trace.fires(&shared.faults, faults::INSUFFICIENT_PERMISSION);
    if !permitted {
        return Err(refuse(ApiError::InsufficientPermission { scope: operation.scope, write: operation.writes }));
    }

    let tenant = canonical(&segment).map(TenantId).filter(|tenant| user.tenant == Some(*tenant));
    let tenant = tenant.ok_or_else(|| refuse(ApiError::NotFound("tenant")))?;

    damage::before(shared, trace, operation.writes).map_or(Ok(()), |response| Err(Box::new(response)))?;
    let replaced = faults::in_place_of_operation(shared, trace, operation.writes);

    let mut clinic = if operation.writes { shared.clinic() } else { shared.clinic_to_read() };
    if let (Some(ApiError::Conflict(_)), Some(records)) = (&replaced, clinic.records(tenant)) {
        records.changed_by_somebody(request.segments.get("id").and_then(|id| id.parse().ok()));
    }
    replaced.map_or(Ok(()), |error| Err(refuse(error)))?;
    let is_list = !operation.writes && !request.segments.contains_key("id");
    let most = if is_list { damage::page_size(shared, trace) } else { None };
    let limits = Limits { most, ..Limits::of(shared, &clinic) };
    let call = Call {
        path: request.path.to_owned(),
        limits,
        id: request.segments.get("id").cloned(),
        query,
        if_match: request.headers.get(header::IF_MATCH).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        json: is_json(request.headers),
        body: request.body,
    };
    let records = clinic.records(tenant).ok_or_else(|| refuse(ApiError::NotFound("tenant")))?;
    let answer = (operation.run)(&call, records).map_err(refuse)?;
    faults::in_place_of_answer(shared, trace, operation.writes).map_or(Ok(answer), |response| Err(Box::new(response)))
}

/// Whether a body has an access token in it, as a form's field (RFC 6750 section 2.2) or as a member of JSON.
pub(super) fn shows_token(body: &[u8]) -> bool {
    let member = || serde_json::from_slice::<Value>(body).is_ok_and(|body| body.get("access_token").is_some());
    !body.is_empty() && (url::form_urlencoded::parse(body).any(|(name, _)| name == "access_token") || member())
}

/// A number of a path in the one spelling that it has: neither `+101` nor `00101` is another name of 101.
fn canonical(text: &str) -> Option<u32> {
    text.parse::<u32>().ok().filter(|number| number.to_string() == text)
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}
