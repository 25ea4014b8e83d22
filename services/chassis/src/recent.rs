//! A small memory of what was worked out a moment ago, so that the next step of the same work need not do it again. The oldest
//! gives way; whoever finds nothing does the work. What is found may be outdated: whoever decides by it has that checked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most things that are remembered.
const KEPT_MAX: usize = 256;

/// Things by key, the oldest first. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Recent<Key, Kept> {
    kept: Arc<Mutex<VecDeque<(Key, Kept)>>>,
}

impl<Key, Kept> Default for Recent<Key, Kept> {
    fn default() -> Self {
        Self {
            kept: Arc::default(),
        }
    }
}

impl<Key: PartialEq, Kept: Clone> Recent<Key, Kept> {
    /// Remembers a thing, in place of an earlier one of the same key.
    pub fn keep(&self, key: Key, thing: Kept) {
        let mut kept = self.lock();
        kept.retain(|(known, _)| *known != key);
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((key, thing));
    }

    /// What is remembered of a key.
    pub fn find(&self, key: &Key) -> Option<Kept> {
        let kept = self.lock();
        let (_, thing) = kept.iter().find(|(known, _)| known == key)?;
        Some(thing.clone())
    }

    /// The same, and forgets it.
    pub fn take(&self, key: &Key) -> Option<Kept> {
        let mut kept = self.lock();
        let index = kept.iter().position(|(known, _)| known == key)?;
        kept.remove(index).map(|(_, thing)| thing)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Key, Kept)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_a_key_is_found_and_the_oldest_give_way() {
        let recent = Recent::default();
        for number in 0..300 {
            recent.keep(number, number);
        }
        assert_eq!(recent.find(&43), None);
        assert_eq!(recent.find(&44), Some(44));
        recent.keep(44, 7);
        assert_eq!(recent.find(&44), Some(7));
        assert_eq!(recent.take(&45), Some(45), "nothing gave way to it");
        assert_eq!(recent.find(&45), None);
    }
}
