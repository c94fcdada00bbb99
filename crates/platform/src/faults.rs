use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

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

/// Which exchanges an armed fault is meant for, of those whose rule asks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aim {
    #[default]
    Everything,
    /// Calls of the API that create, change or delete.
    Writes,
    /// Pages of a list after its first.
    FurtherPages,
    /// Refresh requests, and what is issued for them.
    Refreshes,
    /// `/v2/userinfo`: the faults of calls leave it alone where they are not aimed at it.
    Userinfo,
}

/// How often an armed fault fires, and at what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    pub times: Times,
    pub aim: Aim,
}

impl Trigger {
    /// Whether it waits for an exchange that not every application makes.
    pub fn is_met_by_chance(self) -> bool {
        matches!(self.aim, Aim::FurtherPages | Aim::Userinfo)
    }
}

impl From<Times> for Trigger {
    fn from(times: Times) -> Self {
        Self { times, aim: Aim::Everything }
    }
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
    armed: HashMap<&'static str, Trigger>,
    firings: Vec<Firing>,
}

impl Switchboard {
    pub fn arm(&self, name: &str, trigger: impl Into<Trigger>) -> Result<(), UnknownFault> {
        let fault = super::faults().find(|fault| fault.name == name).ok_or_else(|| UnknownFault(name.to_owned()))?;
        self.lock().armed.insert(fault.name, trigger.into());
        Ok(())
    }

    pub fn disarm(&self, name: &str) -> Result<(), UnknownFault> {
        let fault = super::faults().find(|fault| fault.name == name).ok_or_else(|| UnknownFault(name.to_owned()))?;
        self.lock().armed.remove(fault.name);
        Ok(())
    }

    /// What is armed, how often it still fires, and at what.
    pub fn armed(&self) -> Vec<(&'static str, Trigger)> {
        self.lock().armed.iter().map(|(name, trigger)| (*name, *trigger)).collect()
    }

    pub(super) fn is_any_aimed_at(&self, aim: Aim) -> bool {
        self.lock().armed.values().any(|trigger| trigger.aim == aim)
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

    /// Asked by the rule that the fault replaces: whether it is armed now for an exchange of these kinds. Counts as a firing.
    pub(super) fn fire(&self, name: &'static str, exchange: u64, kinds: &[Aim]) -> bool {
        let mut state = self.lock();
        let Some(trigger) = state.armed.get_mut(name) else { return false };
        if trigger.aim != Aim::Everything && !kinds.contains(&trigger.aim) {
            return false;
        }
        match &mut trigger.times {
            Times::Always => {}
            Times::Next(0 | 1) => {
                state.armed.remove(name);
            }
            Times::Next(left) => *left -= 1,
        }
        if state.firings.len() >= MOST_FIRINGS {
            state.firings.drain(..MOST_FIRINGS / 2);
        }
        state.firings.push(Firing { fault: name, exchange });
        true
    }

    /// [`Switchboard::fire`] for a fault that disarms itself, however often it was armed for.
    pub(super) fn fire_once(&self, name: &'static str, exchange: u64, kinds: &[Aim]) -> bool {
        let fired = self.fire(name, exchange, kinds);
        if fired {
            self.lock().armed.remove(name);
        }
        fired
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
