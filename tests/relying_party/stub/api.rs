use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Stub, refused, troubled};

pub async fn userinfo(State(stub): State<Arc<Stub>>, headers: HeaderMap) -> Response {
    if !stub.knows(&headers) {
        return refused(401, "invalid_token");
    }
    let knobs = stub.knobs();
    Json(json!({"sub": "ada", "name": knobs.name, "tenants": [{"id": knobs.tenant, "name": "Poliambulatorio San Luca"}]})).into_response()
}

pub async fn list(
    State(stub): State<Arc<Stub>>,
    Path((_, resource)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if !stub.knows(&headers) {
        return refused(401, "invalid_token");
    }
    let mut knobs = stub.knobs();
    if let Some((status, retry_after)) = knobs.next_answers.pop() {
        return troubled(status, retry_after);
    }
    let number = |name: &str| query.get(name).and_then(|value| value.parse::<usize>().ok()).unwrap_or_default();
    let (offset, limit) = (number("offset"), number("limit").min(knobs.page_limit));
    let total = if resource == "patients" { knobs.patients } else { 3 };
    let entry = |index: usize| {
        let mut entry = match resource.as_str() {
            "patients" => {
                json!({"id": index, "firstName": "Paziente", "lastName": format!("N{index}"), "fiscalCode": "RSSDAA80A41H501X", "birthDate": "1980-01-01"})
            }
            "agendas" => json!({"id": index, "name": format!("Cardiologia {index}")}),
            "appointments" => {
                json!({"id": index, "agendaId": index, "patientId": 1, "start": "2026-11-24T09:00:00+01:00", "end": "2026-11-24T09:30:00+01:00", "status": "booked"})
            }
            _ => json!({"id": index, "patientId": 1, "title": format!("Visita {index}"), "status": "signed", "date": "2026-11-20"}),
        };
        if knobs.additive {
            entry["badges"] = json!(["new"]);
        }
        entry
    };
    let items: Vec<Value> = (offset..total.min(offset + limit)).map(entry).collect();
    let has_more = offset + items.len() < total;
    Json(json!({"items": items, "totalCount": total, "offset": offset, "limit": limit, "hasMore": has_more})).into_response()
}

pub async fn appointment(State(stub): State<Arc<Stub>>) -> Json<Value> {
    Json(stub.knobs().appointment.clone())
}

/// Somebody else is quicker once for each 409.
pub async fn change_appointment(State(stub): State<Arc<Stub>>, Json(changed): Json<Value>) -> Response {
    let mut knobs = stub.knobs();
    if let Some(status) = knobs.next_writes.pop() {
        let version = knobs.appointment["version"].as_u64().unwrap_or_default();
        knobs.appointment["version"] = json!(version + u64::from(status == 409));
        return refused(status, "refused");
    }
    if changed["version"] != knobs.appointment["version"] {
        return refused(409, "conflict");
    }
    knobs.appointment = changed;
    StatusCode::OK.into_response()
}
