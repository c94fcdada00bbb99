use jsonschema::{Draft, Validator};
use serde_json::Value;

use super::judgement::{Clause, Judgement, Refusal};
use super::shape::{Member, Shape};

const DOCUMENT: Clause = Clause("C-04");
/// The place of an answer's body.
pub(super) const BODY: &str = "body";

/// Where a JSON value departs from a schema, without the value: it may be personal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {rule}")]
pub struct Mismatch {
    /// A JSON pointer; `the whole` for the root.
    pub place: String,
    /// The keyword that is broken, with what it asks for.
    pub rule: String,
}

/// A schema of an OpenAPI 2.0 document, ready to be compared with values.
#[derive(Debug)]
pub struct BodySchema(Validator);

impl BodySchema {
    /// `schema` may refer to the document's definitions. `None` where it is no schema.
    pub fn of(document: &Value, schema: &Value) -> Option<Self> {
        // OpenAPI 2.0 section "Schema Object" is draft 4 with a few words more.
        let mut root = schema.as_object()?.clone();
        root.insert("definitions".to_owned(), document.get("definitions").cloned().unwrap_or_default());
        let root = nullable(Value::Object(root));
        jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(true).build(&root).ok().map(Self)
    }

    /// The first way in which the value is not of this schema; `None` where it is.
    pub fn mismatch(&self, value: &Value) -> Option<Mismatch> {
        let error = self.0.iter_errors(value).next()?;
        let place = error.instance_path().to_string();
        let place = if place.is_empty() { "the whole".to_owned() } else { place };
        Some(Mismatch { place, rule: error.masked().to_string() })
    }
}

/// `x-nullable` and the enumeration beside it, in draft 4's own words.
fn nullable(schema: Value) -> Value {
    match schema {
        Value::Object(members) => {
            let null = members.get("x-nullable") == Some(&Value::Bool(true));
            let member = |(name, value): (String, Value)| match (name.as_str(), value) {
                ("type", kind @ Value::String(_)) if null => (name, Value::Array(vec![kind, "null".into()])),
                ("enum", Value::Array(mut values)) if null => {
                    values.push(Value::Null);
                    (name, Value::Array(values))
                }
                (_, value) => (name, nullable(value)),
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(nullable).collect()),
        other => other,
    }
}

/// PL-35: an answer has a status and a body that the platform's own OpenAPI 2.0 document names for the operation (C-04).
/// Members that the document does not list are allowed (C-59). `path` is without its query.
pub fn check_answer_matches_document(document: &Value, method: &str, path: &str, status: u16, body: &Value) -> Judgement {
    let method = method.to_ascii_lowercase();
    let operation = operation(document, &method, path)
        .ok_or_else(|| Refusal::NothingToJudge(format!("the platform's document has no operation {method} for {path}")))?;
    let responses = operation.get("responses").and_then(Value::as_object);
    let listed = |name: &str| responses.and_then(|responses| responses.get(name));
    let Some(response) = listed(&status.to_string()).or_else(|| listed("default")) else {
        let known: Vec<&str> = responses.map(|responses| responses.keys().map(String::as_str).collect()).unwrap_or_default();
        let expected = format!("one of {}", known.join(", "));
        return Err(DOCUMENT.refuse(
            format!("{method} {path} answers a status that its document does not name"),
            expected,
            status.to_string(),
            [],
        ));
    };
    let Some(schema) = resolve(document, response).get("schema") else { return Ok(()) };
    let schema = BodySchema::of(document, schema)
        .ok_or_else(|| Refusal::NothingToJudge(format!("the document's schema for {method} {path} {status} cannot be read")))?;
    match schema.mismatch(body) {
        None => Ok(()),
        Some(Mismatch { place, rule }) => Err(DOCUMENT.refuse(
            format!("the answer {status} to {method} {path} has another shape than its document"),
            "the schema of the document",
            format!("at {place}: {rule}"),
            [],
        )),
    }
}

/// The shape that a document promises for the answer to an operation, with what may be missing and what may be `null`. `path` is
/// without its query. `None` where the document does not say.
pub fn documented_shape(document: &Value, method: &str, path: &str, status: u16) -> Option<Shape> {
    let response = operation(document, &method.to_ascii_lowercase(), path)?.get("responses")?.get(status.to_string())?;
    Some(shape_of(document, resolve(document, response).get("schema")?))
}

/// Lists of a medical centre that a document names, such as `patients` of `/v2/tenants/{tenantId}/patients`.
pub fn documented_lists(document: &Value) -> Vec<String> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    let readable = paths.filter(|(_, item)| item.get("get").is_some()).map(|(path, _)| path.as_str());
    let list = |path: &str| match path.rsplit('/').collect::<Vec<_>>()[..] {
        [name, tenant, "tenants", ..] if tenant.starts_with('{') && !name.starts_with('{') => Some(name.to_owned()),
        _ => None,
    };
    readable.filter_map(list).collect()
}

/// The scope that a document names for an operation. `path` is without its query.
pub fn documented_scope(document: &Value, method: &str, path: &str) -> Option<String> {
    let security = operation(document, &method.to_ascii_lowercase(), path)?.get("security")?.as_array()?;
    let mut scopes = security.iter().filter_map(Value::as_object).flat_map(|scheme| scheme.values()).filter_map(Value::as_array).flatten();
    scopes.next()?.as_str().map(str::to_owned)
}

/// The shape that a schema describes; of a type that it does not name, nothing is demanded.
fn shape_of(document: &Value, schema: &Value) -> Shape {
    let schema = resolve(document, schema);
    let shape = match schema.get("type").and_then(Value::as_str) {
        Some("boolean") => Shape::Boolean,
        Some("integer") => Shape::Integer,
        Some("number") => Shape::Number,
        Some("string") => Shape::Text,
        Some("array") => Shape::List(schema.get("items").map(|items| Box::new(shape_of(document, items)))),
        Some("object") => Shape::Object(
            schema
                .get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .map(|(name, member)| (name.clone(), Member { shape: shape_of(document, member), optional: !requires(schema, name) }))
                .collect(),
        ),
        _ => return Shape::Null,
    };
    if schema.get("x-nullable") == Some(&Value::Bool(true)) { Shape::Nullable(Box::new(shape)) } else { shape }
}

pub(super) fn requires(schema: &Value, name: &str) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|required| required.iter().any(|member| member == name))
}

/// The operation of the path that names most segments itself.
pub(super) fn operation<'a>(document: &'a Value, method: &str, path: &str) -> Option<&'a Value> {
    let base = document.get("basePath").and_then(Value::as_str).unwrap_or("/").trim_end_matches('/');
    let wanted: Vec<&str> = path.strip_prefix(base)?.split('/').collect();
    let paths = document.get("paths").and_then(Value::as_object)?;
    let fitting = paths.iter().filter_map(|(template, item)| Some((named_segments(template, &wanted)?, item)));
    fitting.max_by_key(|(named, _)| *named)?.1.get(method)
}

/// How many segments a template names itself, where it fits.
fn named_segments(template: &str, wanted: &[&str]) -> Option<usize> {
    let segments: Vec<&str> = template.split('/').collect();
    let is_free = |segment: &str| segment.starts_with('{') && segment.ends_with('}');
    let fits = segments.len() == wanted.len()
        && segments.iter().zip(wanted).all(|(segment, wanted)| if is_free(segment) { !wanted.is_empty() } else { segment == wanted });
    fits.then(|| segments.iter().filter(|segment| !is_free(segment)).count())
}

/// What a local reference points at.
pub(super) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    reference.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::found;
    use super::super::shape::{check_shape, shape};
    use super::*;

    fn document() -> Value {
        json!({
            "swagger": "2.0", "basePath": "/v2",
            "paths": {
                "/users/{id}": {"get": {"security": [{"oauth": ["users"]}], "responses": {
                    "200": {"description": "", "schema": {"$ref": "#/definitions/User"}},
                    "404": {"$ref": "#/responses/NotFound"}, "204": {"description": ""}
                }}},
                "/users/me": {"get": {"responses": {"default": {"description": "", "schema": {"type": "string"}}}}}
            },
            "responses": {"NotFound": {"description": "", "schema": {"type": "object", "required": ["error"]}}},
            "definitions": {"User": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string"}, "born": {"type": "string", "format": "date"},
                "gender": {"type": "string", "enum": ["F", "M"], "x-nullable": true}
            }}}
        })
    }

    fn checked(path: &str, status: u16, body: Value) -> Judgement {
        check_answer_matches_document(&document(), "GET", path, status, &body)
    }

    #[test]
    fn an_answer_as_documented_passes_with_members_more() {
        let user = json!({"name": "Ada", "born": "1985-12-10", "gender": null, "new": [1]});
        assert_eq!(checked("/v2/users/7", 200, user), Ok(()));
        assert_eq!(checked("/v2/users/7", 404, json!({"error": "not_found"})), Ok(()));
        assert_eq!(checked("/v2/users/7", 204, Value::Null), Ok(()));
        assert_eq!(checked("/v2/users/me", 418, json!("a text")), Ok(()));
    }

    #[test]
    fn what_is_missing_retyped_or_undocumented_is_found() {
        for (status, body) in [
            (200, json!({"born": "1985-12-10"})),
            (200, json!({"name": 7})),
            (200, json!({"name": "Ada", "born": "yesterday"})),
            (200, json!({"name": "Ada", "gender": "X"})),
            (404, json!({"message": "no error"})),
            (404, Value::Null),
            (500, json!({"error": "server_error"})),
        ] {
            let said = found(checked("/v2/users/7", status, body));
            assert!(!said.contains("yesterday"), "{said}");
        }
        found(checked("/v2/users/me", 200, json!({"name": "Ada"})));
    }

    #[test]
    fn a_documented_shape_knows_what_may_be_missing_or_null() {
        let promised = documented_shape(&document(), "GET", "/v2/users/7", 200).expect("a documented operation");
        let additions = |body: Value| check_shape(&promised, &shape(&body)).map(|added| added.len());
        assert_eq!(additions(json!({"name": "Ada"})), Ok(0));
        assert_eq!(additions(json!({"name": "Ada", "gender": null, "more": 1})), Ok(1));
        for body in [json!({"born": "1985-12-10"}), json!({"name": null}), json!({"name": "Ada", "gender": 1})] {
            assert!(additions(body.clone()).is_err(), "{body}");
        }
        assert_eq!(documented_shape(&document(), "GET", "/v2/users/7", 418), None);
    }

    #[test]
    fn a_document_names_the_scope_of_an_operation_or_none() {
        let named = |path: &str| documented_scope(&document(), "GET", path);
        assert_eq!((named("/v2/users/7").as_deref(), named("/v2/users/me"), named("/v2/nothing")), (Some("users"), None, None));
    }

    #[test]
    fn an_operation_that_the_document_does_not_name_is_unjudged() {
        for path in ["/v2/nothing", "/v2/users/", "/v1/users/7", "/v2/users/7/more"] {
            assert!(matches!(checked(path, 200, Value::Null), Err(Refusal::NothingToJudge(_))), "{path}");
        }
        let post = check_answer_matches_document(&document(), "POST", "/v2/users/7", 200, &Value::Null);
        assert!(matches!(post, Err(Refusal::NothingToJudge(_))));
    }
}
