//! What is kept of an OpenAPI 2.0 document: operations with what they take and answer, and the members of every definition. Limits of
//! length and size, and words for people, are not kept.

use serde_json::Value;

use super::gather::{is_word, text_kind};
use super::{LIST, NULL, OBJECT, Recording, Traits, WHOLE_NUMBER};
use crate::api_document::{requires, resolve};

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

impl Recording {
    /// The document of an API.
    pub fn of_api_document(document: &Value) -> Self {
        let mut recording = Self::default();
        let members = |name: &str| document.get(name).and_then(Value::as_object).into_iter().flatten();
        let base = document.get("basePath").and_then(Value::as_str).unwrap_or_default().trim_end_matches('/');
        for (path, item) in members("paths") {
            for method in METHODS {
                if let Some(operation) = item.get(method) {
                    recording.add_operation(document, &format!("{} {base}{}", method.to_ascii_uppercase(), unnamed(path)), item, operation);
                }
            }
        }
        for (name, schema) in members("definitions") {
            recording.add_schema(document, name, schema, false);
        }
        recording
    }

    fn add_operation(&mut self, document: &Value, place: &str, item: &Value, operation: &Value) {
        self.add(place, Traits::of("operation"));
        let parameters = [item, operation].into_iter().filter_map(|holder| holder.get("parameters")?.as_array()).flatten();
        if operation.get("deprecated") == Some(&Value::Bool(true)) {
            self.note(format!("{place} deprecated"));
        }
        for parameter in parameters.map(|parameter| resolve(document, parameter)) {
            let text = |name: &str| parameter.get(name).and_then(Value::as_str).unwrap_or_default();
            // Nobody who calls sees the name of a piece of the path.
            if text("in") == "path" {
                continue;
            }
            // A body is of its schema, anything else of its own type.
            let kind = kind_of(parameter.get("schema").unwrap_or(parameter));
            let required = parameter.get("required") == Some(&Value::Bool(true));
            self.add(format!("{place} {} {}", text("in"), text("name")), Traits::of(kind).required_if(required));
        }
        for (status, response) in operation.get("responses").and_then(Value::as_object).into_iter().flatten() {
            let schema = resolve(document, response).get("schema");
            self.add(format!("{place} answers {status}"), Traits::of(schema.map_or_else(|| "no body".to_owned(), kind_of)));
        }
        let schemes = operation.get("security").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object).flatten();
        for scope in schemes.filter_map(|(_, scopes)| scopes.as_array()).flatten().filter_map(Value::as_str) {
            self.add(format!("{place} scope {scope}"), Traits::of("scope").required_if(true));
        }
    }

    fn add_schema(&mut self, document: &Value, place: &str, schema: &Value, required: bool) {
        let mut traits = Traits::of(kind_of(schema)).required_if(required);
        if schema.get("x-nullable") == Some(&Value::Bool(true)) {
            traits.kinds.insert(NULL.to_owned());
        }
        self.add(place, traits);
        for value in
            schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).filter(|value| is_word(value))
        {
            self.note(format!("{place} {value}"));
        }
        if let Some(items) = schema.get("items").filter(|items| items.get("$ref").is_none()) {
            self.add_schema(document, &format!("{place}[]"), items, false);
        }
        for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            self.add_schema(document, &format!("{place}.{name}"), member, requires(schema, name));
        }
        // What several definitions share is written into each.
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            let part = resolve(document, part);
            for (name, member) in part.get("properties").and_then(Value::as_object).into_iter().flatten() {
                self.add_schema(document, &format!("{place}.{name}"), member, requires(part, name));
            }
        }
    }
}

/// A path without the names of its parameters.
fn unnamed(path: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// What a schema is, with the name of a definition that it refers to.
fn kind_of(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix("#/definitions/")) {
        return name.to_owned();
    }
    let text = |name: &str| schema.get(name).and_then(Value::as_str);
    match text("type") {
        Some("integer") => WHOLE_NUMBER.to_owned(),
        Some("string") => text_kind(text("format")),
        Some("array") => match schema.get("items").filter(|items| items.get("$ref").is_some()) {
            Some(items) => format!("{LIST} of {}", kind_of(items)),
            None => LIST.to_owned(),
        },
        Some(other) => other.to_owned(),
        None if schema.get("properties").is_some() || schema.get("allOf").is_some() => OBJECT.to_owned(),
        None => "anything".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "swagger": "2.0", "basePath": "/v2",
            "paths": {"/users": {
                "parameters": [{"name": "tenant", "in": "path", "type": "integer", "required": true}],
                "get": {"parameters": [{"$ref": "#/parameters/limit"}], "security": [{"oauth": ["users"]}],
                        "responses": {"200": {"schema": {"type": "array", "items": {"$ref": "#/definitions/User"}}}, "404": {}}},
                "post": {"parameters": [{"name": "body", "in": "body", "required": true, "schema": {"$ref": "#/definitions/User"}}], "responses": {}}
            }},
            "parameters": {"limit": {"name": "limit", "in": "query", "type": "integer", "maximum": 50}},
            "definitions": {"User": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string", "maxLength": 10}, "born": {"type": "string", "format": "date", "x-nullable": true},
                "gender": {"type": "string", "enum": ["F", "M"]}, "home": {"type": "object", "properties": {"city": {"type": "string"}}}
            }}}
        })
    }

    #[test]
    fn a_document_is_kept_line_by_line() {
        let told = Recording::of_api_document(&document()).to_string();
        let lines = [
            "GET /v2/users: operation",
            "GET /v2/users answers 200: list of User",
            "GET /v2/users answers 404: no body",
            "GET /v2/users query limit: whole number",
            "GET /v2/users scope users: scope, required",
            "POST /v2/users: operation",
            "POST /v2/users body body: User, required",
            "User: object",
            "User.born: null or text (date)",
            "User.gender: text",
            "User.gender F: there",
            "User.gender M: there",
            "User.home: object",
            "User.home.city: text",
            "User.name: text, required",
        ];
        let mut kept: Vec<&str> = told.lines().collect();
        kept.sort_unstable();
        let mut expected = lines.to_vec();
        expected.sort_unstable();
        assert_eq!(kept, expected);
    }

    #[test]
    fn a_change_breaks_or_adds_by_what_a_client_relies_on() {
        let recorded = Recording::of_api_document(&document());
        let after = |change: &dyn Fn(&mut Value)| {
            let mut document = document();
            change(&mut document);
            let changes = recorded.changes(&Recording::of_api_document(&document));
            let breaking = changes.iter().filter(|change| change.breaking).count();
            (breaking, changes.len() - breaking)
        };
        let user = "/definitions/User";
        let edit = |pointer: &'static str, value: Value| {
            move |document: &mut Value| *document.pointer_mut(pointer).expect("a place") = value.clone()
        };
        assert_eq!(after(&|_| {}), (0, 0));
        assert_eq!(
            after(&|document| drop(document["paths"]["/users"].as_object_mut().expect("a path").remove("get"))),
            (1, 0),
            "once, not by line"
        );
        assert_eq!(after(&edit("/definitions/User/required", json!(["name", "born"]))), (1, 0));
        assert_eq!(after(&edit("/definitions/User/properties/born/format", json!("date-time"))), (1, 0));
        assert_eq!(after(&edit("/definitions/User/properties/gender/enum", json!(["F", "M", "X"]))), (0, 1));
        assert_eq!(after(&edit("/definitions/User/properties/gender/enum", json!(["F"]))), (1, 0));
        assert_eq!(after(&|document| document.pointer_mut(user).expect("it")["properties"]["email"] = json!({"type": "string"})), (0, 1));
        assert_eq!(after(&|document| document["parameters"]["limit"]["maximum"] = json!(100)), (0, 0));
        assert_eq!(after(&|document| document["parameters"]["limit"]["required"] = json!(true)), (1, 0));
        assert_eq!(after(&|document| document["definitions"]["Extra"] = json!({"type": "object"})), (0, 1));
    }
}
