//! A cache that a watch keeps up to date, with no more of each object than is needed.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::StreamExt;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;

use super::surroundings::CacheState;

/// What is kept of the watched objects.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    kind: &'static str,
    objects: RwLock<HashMap<K, Arc<V>>>,
    is_synced: AtomicBool,
}

/// Objects a page: a list of a big cluster must not lie in memory twice.
const PAGE_SIZE: u32 = 500;

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(super) fn new(kind: &'static str) -> Self {
        Self { kind, objects: RwLock::default(), is_synced: AtomicBool::new(false) }
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
        let mut events = pin!(watcher(api, config).default_backoff());
        let mut listed: HashMap<K, Arc<V>> = HashMap::new();
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => self.apply(event, &mut listed, &keep),
                // The watcher starts again by itself; what is cached stays.
                Err(error) => tracing::warn!(kind = self.kind, error = %error, "the watch was interrupted"),
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
