use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{Profile, TargetFile};

/// JSON Schema of an application's profile, `collaudo.toml`.
pub fn profile_schema() -> Value {
    schema_of::<Profile>()
}

/// JSON Schema of a target file.
pub fn target_schema() -> Value {
    schema_of::<TargetFile>()
}

/// In the draft that editors of TOML know.
fn schema_of<T: JsonSchema>() -> Value {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().to_value()
}
