//! The tasks that a server consists of. None of them ends while it runs: one that does is a fault, and a server that
//! goes on without it would not know of new roles, or of a new certificate, and say that all is well.

use std::collections::HashMap;

use tokio::task::{Id, JoinSet};

use super::options::ServeError;

/// The running tasks and their names.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    running: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

impl Tasks {
    pub(super) fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.running.spawn(task);
        self.names.insert(handle.id(), name);
    }

    /// Waits until one ends, and says which and how; for ever where there is none.
    pub(super) async fn ended(&mut self) -> ServeError {
        let (id, how) = match self.running.join_next_with_id().await {
            Some(Ok((id, ()))) => (id, "it ended by itself".to_owned()),
            Some(Err(error)) => (error.id(), error.to_string()),
            None => std::future::pending().await,
        };
        ServeError::TaskEnded { task: self.names.get(&id).copied().unwrap_or("unknown"), how }
    }

    /// Ends them all.
    pub(super) async fn shutdown(mut self) {
        self.running.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::Tasks;

    #[tokio::test]
    async fn a_task_that_ends_is_named() {
        let mut tasks = Tasks::default();
        tasks.spawn("patient", std::future::pending());
        tasks.spawn("weak", async { panic!("as the test wants it") });
        let told = tasks.ended().await.to_string();
        assert!(told.contains("weak") && told.contains("as the test wants it"), "{told}");
        tasks.spawn("short", async {});
        assert!(tasks.ended().await.to_string().contains("short"));
        tasks.shutdown().await;
    }
}
