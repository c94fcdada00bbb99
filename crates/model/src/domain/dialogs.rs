use schemars::JsonSchema;
use serde::Deserialize;

/// `[app.dialogs]`: what a person answers to the browser's own dialogs. An alert is always closed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Dialogs {
    /// To `confirm()`: a person means what they have clicked on.
    pub confirm: Answer,
    /// To the question whether the page may be left.
    pub beforeunload: Answer,
    /// What is typed at `prompt()`; without it nothing, and it is dismissed.
    pub prompt: Option<String>,
}

/// Which of a dialog's two buttons a person takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// OK; where the page asks whether it may be left, it is left.
    Accept,
    /// Cancel; where the page asks whether it may be left, the person stays.
    Dismiss,
}

impl Default for Dialogs {
    fn default() -> Self {
        Self { confirm: Answer::Accept, beforeunload: Answer::Accept, prompt: None }
    }
}

impl Dialogs {
    /// Whether a dialog of this kind is accepted, and the words that are typed before.
    pub fn answer(&self, kind: &str) -> (bool, Option<&str>) {
        match kind {
            "confirm" => (self.confirm == Answer::Accept, None),
            "beforeunload" => (self.beforeunload == Answer::Accept, None),
            "prompt" => (self.prompt.is_some(), self.prompt.as_deref()),
            _ => (true, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_answered_as_the_profile_says() {
        let usual = Dialogs::default();
        assert_eq!(["alert", "confirm", "beforeunload", "prompt"].map(|kind| usual.answer(kind).0), [true, true, true, false]);
        let told: Dialogs = toml::from_str("confirm = \"dismiss\"\nprompt = \"Milano\"").expect("it parses");
        assert_eq!(told.answer("confirm"), (false, None));
        assert_eq!(told.answer("prompt"), (true, Some("Milano")));
        assert_eq!(told.answer("alert"), (true, None));
        toml::from_str::<Dialogs>("alert = \"dismiss\"").expect_err("an alert has one button");
    }
}
