use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// State behind a lock that remembers whether anybody has reached for it to change it.
#[derive(Debug, Default)]
pub(super) struct Kept<T> {
    value: Mutex<T>,
    changed: AtomicBool,
}

impl<T> Kept<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: AtomicBool::new(true) }
    }

    pub(crate) fn lock(&self) -> Guard<'_, T> {
        Guard { value: self.lock_unmarked(), changed: Some(&self.changed) }
    }

    /// For who needs `&mut` and changes nothing.
    pub(crate) fn lock_to_read(&self) -> Guard<'_, T> {
        Guard { value: self.lock_unmarked(), changed: None }
    }

    pub(crate) fn has_changed(&self) -> bool {
        self.changed.load(Ordering::SeqCst)
    }

    /// Whether it has changed since the last call.
    pub(crate) fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::SeqCst)
    }

    pub(crate) fn mark_changed(&self) {
        self.changed.store(true, Ordering::SeqCst);
    }

    fn lock_unmarked(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Access to [`Kept`] state; whoever takes it mutably is taken to change it.
#[derive(Debug)]
pub struct Guard<'a, T> {
    value: MutexGuard<'a, T>,
    changed: Option<&'a AtomicBool>,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        if let Some(changed) = self.changed {
            changed.store(true, Ordering::SeqCst);
        }
        &mut self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_changes_leaves_a_mark() {
        let kept = Kept::new(vec![1]);
        assert!(kept.take_changed(), "what is new was never written");
        assert_eq!(kept.lock().len(), 1);
        assert!(!kept.has_changed());
        kept.lock_to_read().push(2);
        assert!(!kept.has_changed());
        kept.lock().push(3);
        assert!(kept.take_changed() && !kept.take_changed());
    }
}
