//! A cache that a watch keeps up to date, with no more of each object than is needed.
//!
//! What goes wrong with a watch is tried again, less and less often. It is told once and kept for who asks why the cache
//! is not filled; a list that is accepted and not answered goes wrong as well.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use jiff::Timestamp;
use kube::runtime::WatchStreamExt;
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::{self, DefaultBackoff, Event, watcher};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout};

use super::surroundings::{CacheFailure, CacheState};

/// What is kept of the watched objects.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    kind: &'static str,
    objects: RwLock<HashMap<K, Arc<V>>>,
    is_synced: AtomicBool,
    failed: Mutex<Option<Failed>>,
}

/// The failure that was told, and when it was last seen.
#[derive(Debug)]
struct Failed {
    failure: CacheFailure,
    last: Instant,
}

/// Objects a page: a list of a big cluster must not lie in memory twice.
const PAGE_SIZE: u32 = 500;
/// Time for one page of a list.
const PAGE: Duration = Duration::from_secs(60);
/// A watch that works again may have nothing to say. A failure that is not seen again for twice as long as the longest
/// pause between two tries is over.
const OVER: Duration = Duration::from_secs(120);

/// Pauses that grow with each failure, up to half a minute or what chance adds to it, and begin anew after two minutes
/// without one. Not with each event: a watcher has one before each list that it asks for, the failing ones included.
#[derive(Default)]
struct GrowingPauses(DefaultBackoff);

impl Iterator for GrowingPauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.0.next()
    }
}

impl Backoff for GrowingPauses {
    fn reset(&mut self) {}
}

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(super) fn new(kind: &'static str) -> Self {
        Self { kind, objects: RwLock::default(), is_synced: AtomicBool::new(false), failed: Mutex::default() }
    }

    /// What is wrong with the watch at the moment.
    pub(super) fn failure(&self) -> Option<CacheFailure> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.as_ref().filter(|failed| failed.last.elapsed() < OVER).map(|failed| failed.failure.clone())
    }

    /// What is cached stays. The same failure again is no news.
    fn failed(&self, error: String) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let known = failed.take().filter(|known| known.failure.error == error && known.last.elapsed() < OVER);
        let news = || {
            tracing::warn!(kind = self.kind, error, "the watch was interrupted");
            CacheFailure { kind: self.kind, at: Timestamp::now(), error }
        };
        let failure = known.map_or_else(news, |known| known.failure);
        *failed = Some(Failed { failure, last: Instant::now() });
    }

    fn goes_well(&self) {
        if self.failed.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!(kind = self.kind, "the watch goes on");
        }
    }

    pub(super) fn object(&self, key: &K) -> Option<Arc<V>> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.objects.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) fn is_synced(&self) -> bool {
        self.is_synced.load(Ordering::Acquire)
    }

    pub(super) fn state(&self) -> CacheState {
        CacheState { kind: self.kind, objects: self.len(), is_synced: self.is_synced() }
    }

    /// Follows a watch for ever. `keep` takes from an object what is needed.
    pub(super) async fn follow<O>(&self, api: Api<O>, keep: impl Fn(O) -> Option<(K, V)>)
    where
        O: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
    {
        self.follow_some(api, "", keep).await;
    }

    /// The same for the objects that a field selector chooses; an empty one chooses all.
    pub(super) async fn follow_some<O>(&self, api: Api<O>, fields: &str, keep: impl Fn(O) -> Option<(K, V)>)
    where
        O: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
    {
        let config = watcher::Config::default().page_size(PAGE_SIZE);
        let config = if fields.is_empty() { config } else { config.fields(fields) };
        loop {
            let events = watcher(api.clone(), config.clone()).backoff(GrowingPauses::default());
            self.follow_events(pin!(events), &keep).await;
        }
    }

    /// Until a list is not answered.
    async fn follow_events<O>(
        &self,
        mut events: impl Stream<Item = watcher::Result<Event<O>>> + Unpin,
        keep: &impl Fn(O) -> Option<(K, V)>,
    ) {
        let mut listed: HashMap<K, Arc<V>> = HashMap::new();
        let mut is_listing = false;
        loop {
            let event = if is_listing {
                let Ok(event) = timeout(PAGE, events.next()).await else {
                    return self.failed(format!("no answer to a list for {} s", PAGE.as_secs()));
                };
                event
            } else {
                events.next().await
            };
            let Some(event) = event else { return };
            is_listing = matches!(event, Ok(Event::Init | Event::InitApply(_)));
            match event {
                Ok(Event::Init) => listed.clear(),
                Ok(event) => {
                    self.goes_well();
                    self.apply(event, &mut listed, keep);
                }
                // The watcher starts again by itself.
                Err(error) => self.failed(error.to_string()),
            }
        }
    }

    /// INVARIANT: readers see the old list until the new one is complete.
    fn apply<O>(
        &self,
        event: Event<O>,
        listed: &mut HashMap<K, Arc<V>>,
        keep: &impl Fn(O) -> Option<(K, V)>,
    ) {
        match event {
            Event::Init => listed.clear(),
            Event::InitApply(object) => {
                listed.extend(keep(object).map(|(key, value)| (key, Arc::new(value))));
            }
            Event::InitDone => {
                let complete = std::mem::take(listed);
                *self.objects.write().unwrap_or_else(PoisonError::into_inner) = complete;
                if !self.is_synced.swap(true, Ordering::AcqRel) {
                    tracing::info!(kind = self.kind, objects = self.len(), "the cache is filled");
                }
            }
            Event::Apply(object) => {
                if let Some((key, value)) = keep(object) {
                    let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
                    objects.insert(key, Arc::new(value));
                }
            }
            Event::Delete(object) => {
                if let Some((key, _)) = keep(object) {
                    self.objects.write().unwrap_or_else(PoisonError::into_inner).remove(&key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use kube::runtime::watcher::Event;

    use super::Cache;

    #[test]
    fn a_new_list_replaces_the_old_one_only_when_it_is_complete() {
        let cache: Cache<&str, u8> = Cache::new("things");
        let mut listed = HashMap::new();
        let mut apply = |event| cache.apply(event, &mut listed, &Some);
        apply(Event::Init);
        apply(Event::InitApply(("a", 1)));
        assert!(!cache.is_synced());
        apply(Event::InitDone);
        assert!(cache.is_synced());
        apply(Event::Apply(("b", 2)));
        apply(Event::Init);
        apply(Event::InitApply(("c", 3)));
        assert_eq!(cache.len(), 2);
        apply(Event::InitDone);
        assert_eq!((cache.len(), cache.object(&"c").as_deref()), (1, Some(&3)));
        apply(Event::Delete(("c", 3)));
        assert_eq!((cache.len(), cache.is_synced()), (0, true));
    }
}
