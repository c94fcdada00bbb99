use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// A deviation of the platform on purpose: replaces one rule or edits one answer while it is armed.
#[derive(Debug, Serialize)]
pub struct Fault {
    /// Stable name in kebab case.
    pub name: &'static str,
    /// Where it acts: `authorization response`, `token answer`, `ID token`, `userinfo`, `refresh`, `API`, …
    pub area: &'static str,
    /// What the platform does while it is armed, in the present tense.
    pub effect: &'static str,
    /// Requirements whose scenarios provoke with it.
    pub requirements: &'static [&'static str],
    /// Why no scenario arms it, where it is for somebody who tries the mock by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<&'static str>,
}

/// How often an armed fault fires before it disarms itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    Always,
    Next(u32),
}

/// One firing of a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Firing {
    pub fault: &'static str,
    /// Number of the exchange in which it fired.
    pub exchange: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("the platform has no fault named `{0}`: see `collaudo list faults`")]
pub struct UnknownFault(pub String);

/// Firings that are kept: one that is armed for good must not fill the memory.
const MOST_FIRINGS: usize = 10_000;

/// Which faults are armed, and which have fired.
#[derive(Debug, Default)]
pub struct Switchboard(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    armed: HashMap<&'static str, Times>,
    firings: Vec<Firing>,
}

impl Switchboard {
    pub fn arm(&self, name: &str, times: Times) -> Result<(), UnknownFault> {
        let fault = super::faults().find(|fault| fault.name == name).ok_or_else(|| UnknownFault(name.to_owned()))?;
        self.lock().armed.insert(fault.name, times);
        Ok(())
    }

    pub fn disarm(&self, name: &str) -> Result<(), UnknownFault> {
        let fault = super::faults().find(|fault| fault.name == name).ok_or_else(|| UnknownFault(name.to_owned()))?;
        self.lock().armed.remove(fault.name);
        Ok(())
    }

    /// What is armed, and how often it still fires.
    pub fn armed(&self) -> Vec<(&'static str, Times)> {
        self.lock().armed.iter().map(|(name, times)| (*name, *times)).collect()
    }

    pub fn is_any_armed(&self) -> bool {
        !self.lock().armed.is_empty()
    }

    pub fn disarm_all(&self) {
        self.lock().armed.clear();
    }

    pub fn firings(&self) -> Vec<Firing> {
        self.lock().firings.clone()
    }

    /// Asked by the rule that the fault replaces: whether it is armed now. Counts as a firing.
    pub(super) fn fire(&self, name: &'static str, exchange: u64) -> bool {
        let mut state = self.lock();
        match state.armed.get_mut(name) {
            None => return false,
            Some(Times::Always) => {}
            Some(Times::Next(0 | 1)) => {
                state.armed.remove(name);
            }
            Some(Times::Next(left)) => *left -= 1,
        }
        if state.firings.len() >= MOST_FIRINGS {
            state.firings.drain(..MOST_FIRINGS / 2);
        }
        state.firings.push(Firing { fault: name, exchange });
        true
    }

    /// [`Switchboard::fire`] for a fault that disarms itself, however often it was armed for.
    pub(super) fn fire_once(&self, name: &'static str, exchange: u64) -> bool {
        let fired = self.fire(name, exchange);
        self.lock().armed.remove(name);
        fired
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
