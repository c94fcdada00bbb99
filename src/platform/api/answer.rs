use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::call::Call;
use super::error::ApiError;
use super::records::Identified;

/// What an operation answers when it is not refused (C-55).
#[derive(Debug)]
pub enum Answer {
    Found(Value),
    Created { location: String, entity: Value },
    Gone,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Found(value) => Json(value).into_response(),
            Self::Gone => StatusCode::NO_CONTENT.into_response(),
            Self::Created { location, entity } => {
                let mut response = (StatusCode::CREATED, Json(entity)).into_response();
                if let Ok(location) = HeaderValue::try_from(location) {
                    response.headers_mut().insert(header::LOCATION, location);
                }
                response
            }
        }
    }
}

/// The wanted page of all matches (C-56).
pub fn page<T: Serialize>(call: &Call, matches: Vec<T>) -> Result<Answer, ApiError> {
    let limits = call.limits;
    let offset = call.number("offset", 0, usize::MAX)?.unwrap_or(0);
    let limit = call.number("limit", 1, limits.max)?.unwrap_or(limits.default);
    let items: Vec<&T> = matches.iter().skip(offset).take(limit).collect();
    let has_more = offset.saturating_add(items.len()) < matches.len() && !items.is_empty();
    Ok(Answer::Found(json!({
        "items": items, "totalCount": matches.len(), "offset": offset, "limit": limit, "hasMore": has_more
    })))
}

pub fn one<T: Identified + Serialize>(call: &Call, entities: &[T]) -> Result<Answer, ApiError> {
    Ok(Answer::Found(json!(find(entities, call.id()?)?)))
}

pub fn find<T: Identified>(entities: &[T], id: u32) -> Result<&T, ApiError> {
    entities.iter().find(|entity| entity.id() == id).ok_or(ApiError::NotFound(T::KIND))
}

pub fn find_mut<T: Identified>(entities: &mut [T], id: u32) -> Result<&mut T, ApiError> {
    entities.iter_mut().find(|entity| entity.id() == id).ok_or(ApiError::NotFound(T::KIND))
}

/// C-55: a change made on an old version is refused.
pub fn same_version<T: Identified>(present: u32, sent: u32) -> Result<(), ApiError> {
    if present == sent { Ok(()) } else { Err(ApiError::Conflict(T::KIND)) }
}

pub fn created<T: Identified + Serialize>(call: &Call, entity: &T) -> Answer {
    Answer::Created { location: format!("{}/{}", call.path.trim_end_matches('/'), entity.id()), entity: json!(entity) }
}

/// `first` is the centre's first id.
pub fn next_id<T: Identified>(entities: &[T], first: u32) -> u32 {
    entities.iter().map(Identified::id).max().map_or(first + T::OFFSET, |last| last.saturating_add(1))
}
