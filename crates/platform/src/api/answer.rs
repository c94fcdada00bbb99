use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::call::{Call, MOST};
use super::error::ApiError;
use super::records::{Identified, Versioned};

/// What an operation answers when it is not refused (C-55).
#[derive(Debug)]
pub(super) enum Answer {
    Found { body: Vec<u8>, version: Option<u32> },
    Created { location: String, body: Vec<u8>, version: Option<u32> },
    Gone,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Found { body, version } => (version_header(version), json(body)).into_response(),
            Self::Gone => StatusCode::NO_CONTENT.into_response(),
            Self::Created { location, body, version } => {
                let mut response = (StatusCode::CREATED, version_header(version), json(body)).into_response();
                if let Ok(location) = HeaderValue::try_from(location) {
                    response.headers_mut().insert(header::LOCATION, location);
                }
                response
            }
        }
    }
}

fn json(body: Vec<u8>) -> ([(header::HeaderName, &'static str); 1], Vec<u8>) {
    ([(header::CONTENT_TYPE, "application/json")], body)
}

/// An entity's version as entity tag (RFC 9110 section 8.8.3); a page has none.
fn version_header(version: Option<u32>) -> Option<[(header::HeaderName, String); 1]> {
    version.map(|version| [(header::ETAG, format!("\"{version}\""))])
}

fn written<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("records are plain structures")
}

/// A list page (C-56).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a, T> {
    items: Vec<&'a T>,
    total_count: usize,
    offset: usize,
    limit: usize,
    has_more: bool,
}

/// The wanted page of all matches (C-56).
pub(super) fn page<T: Serialize>(call: &Call, matches: Vec<T>) -> Result<Answer, ApiError> {
    let limits = call.limits;
    let offset = call.number("offset", 0, MOST)?.unwrap_or(0);
    let asked = call.number("limit", 1, limits.max)?.unwrap_or(limits.default);
    let limit = limits.lowered.map_or(asked, |lowered| asked.min(lowered));
    let items: Vec<&T> = matches.iter().skip(offset).take(limits.most.map_or(limit, |most| limit.min(most))).collect();
    let has_more = offset.saturating_add(items.len()) < matches.len() && !items.is_empty();
    let body = written(&Page { items, total_count: matches.len(), offset, limit, has_more });
    Ok(Answer::Found { body, version: None })
}

pub(super) fn one<T: Identified + Serialize>(call: &Call, entities: &[T]) -> Result<Answer, ApiError> {
    let entity = find(entities, call.id()?)?;
    Ok(Answer::Found { body: written(entity), version: entity.tag() })
}

pub(super) fn find<T: Identified>(entities: &[T], id: u32) -> Result<&T, ApiError> {
    entities.iter().find(|entity| entity.id() == id).ok_or(ApiError::NotFound(T::KIND))
}

/// What a member of a body refers to: a business rule, not a path, is broken where there is none (C-55).
pub(super) fn referred<'a, T: Identified>(entities: &'a [T], id: u32, field: &'static str) -> Result<&'a T, ApiError> {
    find(entities, id).map_err(|error| ApiError::business(field, error.to_string()))
}

/// The entity that a call would change, where it still is as the client read it: in the version `sent` and in that of If-Match
/// (C-55, RFC 9110 section 13.1.1).
pub(super) fn unchanged<T: Versioned + Clone>(call: &Call, entities: &[T], sent: Option<u32>) -> Result<T, ApiError> {
    let present = find(entities, call.id()?)?;
    let same = sent.is_none_or(|sent| sent == present.version()) && call.matches(present.version());
    if same { Ok(present.clone()) } else { Err(ApiError::Conflict(T::KIND)) }
}

pub(super) fn add<T: Identified + Serialize>(call: &Call, entities: &mut Vec<T>, entity: T) -> Answer {
    let location = format!("{}/{}", call.path.trim_end_matches('/'), entity.id());
    let answer = Answer::Created { location, body: written(&entity), version: entity.tag() };
    entities.push(entity);
    answer
}

pub(super) fn replace<T: Identified + Serialize>(entities: &mut [T], entity: T) -> Result<Answer, ApiError> {
    let answer = Answer::Found { body: written(&entity), version: entity.tag() };
    let present = entities.iter_mut().find(|present| present.id() == entity.id()).ok_or(ApiError::NotFound(T::KIND))?;
    *present = entity;
    Ok(answer)
}

pub(super) fn remove<T: Identified>(entities: &mut Vec<T>, id: u32) -> Answer {
    entities.retain(|entity| entity.id() != id);
    Answer::Gone
}

/// `first` is the centre's first id.
pub(super) fn next_id<T: Identified>(entities: &[T], first: u32) -> u32 {
    entities.iter().map(Identified::id).max().map_or(first + T::OFFSET, |last| last.saturating_add(1))
}
