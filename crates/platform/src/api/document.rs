use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::Shared;
use crate::checks::{BodySchema, Mismatch};

/// C-04.
pub(super) const PATH: &str = "/swagger/docs/v2";

/// The one source of the API's shapes: what is served, what bodies of writes are compared with, and what answers are tested by.
pub(super) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("swagger.json")).expect("the file is JSON"));

/// The body of a kind of write, as the document has it.
pub(super) struct Body {
    definition: &'static str,
    schema: LazyLock<Option<BodySchema>>,
}

macro_rules! bodies {
    ($($name:ident = $definition:literal;)+) => {
        $(pub(crate) static $name: Body = Body {
            definition: $definition,
            schema: LazyLock::new(|| BodySchema::of(&DOCUMENT, &json!({"$ref": concat!("#/definitions/", $definition)}))),
        };)+
        #[cfg(test)]
        const BODIES: &[&Body] = &[$(&$name),+];
    };
}

bodies! {
    PATIENT_DRAFT = "PatientDraft";
    PATIENT_UPDATE = "PatientUpdate";
    APPOINTMENT_DRAFT = "AppointmentDraft";
    APPOINTMENT_UPDATE = "AppointmentUpdate";
    EPISODE_DRAFT = "EpisodeDraft";
    EPISODE_UPDATE = "EpisodeUpdate";
    MEDICAL_REPORT_DRAFT = "MedicalReportDraft";
    MEDICAL_REPORT_UPDATE = "MedicalReportUpdate";
    INVOICE_DRAFT = "InvoiceDraft";
    INVOICE_UPDATE = "InvoiceUpdate";
}

impl Body {
    /// Where a body departs from the document. Members that it does not list are allowed: an application may send back what it
    /// read (C-59).
    pub(super) fn mismatch(&self, body: &Value) -> Option<Mismatch> {
        self.schema.as_ref().and_then(|schema| schema.mismatch(body))
    }

    pub(super) fn definition(&self) -> &'static str {
        self.definition
    }
}

/// `GET /swagger/docs/v2`: the document with this platform's addresses and page limits.
pub(super) async fn document(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let issuer = &shared.issuer;
    let (mut document, text) = (DOCUMENT.clone(), shared.issuer_text());
    let host = issuer.host_str().unwrap_or_default();
    document["host"] = issuer.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")).into();
    document["basePath"] = "/".into();
    document["schemes"] = json!([issuer.scheme()]);
    let oauth = &mut document["securityDefinitions"]["giponext"];
    oauth["authorizationUrl"] = format!("{text}{}", shared.settings.paths.authorization).into();
    oauth["tokenUrl"] = format!("{text}{}", shared.settings.paths.token).into();
    let limits = super::call::Limits::of(&shared, &shared.clinic());
    let limit = &mut document["parameters"]["limit"];
    limit["maximum"] = limits.max.into();
    limit["default"] = limits.default.into();
    Json(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_body_of_a_write_is_the_documents() {
        let schemas: Vec<Option<String>> = BODIES.iter().map(|body| body.schema.as_ref().map(|_| body.definition.to_owned())).collect();
        assert!(schemas.iter().all(Option::is_some), "{schemas:?}");
        let paths = DOCUMENT["paths"].as_object().expect("paths");
        let parameters = paths
            .values()
            .flat_map(|item| item.as_object().into_iter().flatten())
            .flat_map(|(_, operation)| operation.get("parameters").and_then(Value::as_array).into_iter().flatten());
        let mut named: Vec<String> = parameters
            .filter(|parameter| parameter["in"] == "body")
            .filter_map(|parameter| Some(parameter["schema"]["$ref"].as_str()?.trim_start_matches("#/definitions/").to_owned()))
            .collect();
        let mut known: Vec<String> = schemas.into_iter().flatten().collect();
        named.sort_unstable();
        known.sort_unstable();
        assert_eq!(named, known);
    }

    #[test]
    fn a_body_is_told_where_it_departs_without_its_values() {
        let body = json!({"firstName": "Ada", "lastName": 7, "fiscalCode": "X", "unknown": {}});
        let mismatch = PATIENT_DRAFT.mismatch(&body).expect("a mismatch");
        assert_eq!(mismatch.place, "/lastName");
        let right = json!({"firstName": "Ada", "lastName": "Ferri", "fiscalCode": "X", "gender": null, "unknown": {}});
        assert_eq!(PATIENT_DRAFT.mismatch(&right), None);
    }
}
