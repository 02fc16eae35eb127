//! Where service accounts and namespaces come from.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::load::collect_manifests;
use super::options::{ClusterSource, ServeError};
use super::tasks::Tasks;
use crate::kubernetes::{ClusterSurroundings, FileSurroundings, Surroundings};

/// Opens the source. What has to be followed is followed by one of the tasks.
pub(super) async fn surroundings(
    source: ClusterSource,
    read_pull_secrets: bool,
    tasks: &mut Tasks,
) -> Result<Arc<dyn Surroundings>, ServeError> {
    Ok(match source {
        ClusterSource::Kubernetes(kubeconfig) => {
            let surroundings = ClusterSurroundings::new(kubeconfig.client().await?);
            let surroundings =
                Arc::new(if read_pull_secrets { surroundings.reading_pull_secrets() } else { surroundings });
            let followed = Arc::clone(&surroundings);
            tasks.spawn("watches of the cluster", async move { followed.follow().await });
            surroundings
        }
        ClusterSource::Objects(paths) => {
            let read = spawn_blocking(move || read_objects(&paths)).await;
            Arc::new(read.map_err(io::Error::other)??)
        }
        ClusterSource::Nothing => Arc::new(FileSurroundings::default()),
        ClusterSource::Given(surroundings) => surroundings,
    })
}

fn read_objects(paths: &[PathBuf]) -> Result<FileSurroundings, ServeError> {
    let mut files = Vec::new();
    for path in paths {
        collect_manifests(path, &mut files)?;
    }
    let files = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    FileSurroundings::read(files).map_err(ServeError::Objects)
}
