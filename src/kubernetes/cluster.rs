//! Surroundings from a live cluster: watches, and a look-up where they have nothing yet.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::config::{KubeConfigOptions, Kubeconfig as KubeconfigFile};
use kube::{Api, Client, Config};
use smol_str::SmolStr;
use thiserror::Error;

use super::lookup::{FetchError, Known};
use super::pull_secrets::{self, PullSecrets};
use super::surroundings::{CacheFailure, CacheState, Fetch, Surroundings};
use super::watch::Cache;
use crate::engine::pull::ServiceAccountFacts;
use crate::settings::NamespaceLabels;
use crate::workload::Secret;

/// How to find the API server.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Kubeconfig {
    /// The file; without it the environment's kubeconfig, else the pod's own service account.
    pub file: Option<PathBuf>,
    /// The context in it; without it the current one.
    pub context: Option<String>,
}

/// Why there is no client.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The kubeconfig cannot be read.
    #[error("kubeconfig: {0}")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
    /// Neither a kubeconfig nor a pod's service account.
    #[error("no cluster: {0}")]
    Nowhere(#[from] kube::config::InferConfigError),
    /// The client cannot be built.
    #[error("client: {0}")]
    Client(#[from] kube::Error),
}

impl Kubeconfig {
    /// A client for this API server. Opens no connection yet.
    ///
    /// # Errors
    ///
    /// The configuration is missing or cannot be read.
    pub async fn client(&self) -> Result<Client, ConnectError> {
        let Self { file, context } = self;
        let options = KubeConfigOptions { context: context.clone(), ..KubeConfigOptions::default() };
        let mut config = match (file, context) {
            (Some(file), _) => {
                Config::from_custom_kubeconfig(KubeconfigFile::read_from(file)?, &options).await?
            }
            (None, Some(_)) => Config::from_kubeconfig(&options).await?,
            (None, None) => Config::infer().await?,
        };
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        config.read_timeout = Some(READ_TIMEOUT);
        Ok(Client::try_from(config)?)
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Whatever is asked, a connection that is silent for so long is dead: watches that have nothing to tell are ended by
/// the API server after 290 s, and by the client a little later.
const READ_TIMEOUT: Duration = Duration::from_secs(330);

/// What watches keep of a cluster.
#[derive(Debug)]
pub struct ClusterSurroundings {
    accounts: Cache<(String, String), ServiceAccountFacts>,
    namespaces: Cache<String, NamespaceLabels>,
    /// `None` unless the operator lets them be read.
    pull_secrets: Option<PullSecrets>,
    client: ClientHandle,
}

/// The client, which has nothing to show.
struct ClientHandle(Client);

impl std::fmt::Debug for ClientHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl ClusterSurroundings {
    /// Empty caches; [`Self::follow`] fills them.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            accounts: Cache::new(SERVICE_ACCOUNTS),
            namespaces: Cache::new(NAMESPACES),
            pull_secrets: None,
            client: ClientHandle(client),
        }
    }

    /// Reads pull secrets as well. Without this no request for a Secret is ever made.
    #[must_use]
    pub fn reading_pull_secrets(self) -> Self {
        Self { pull_secrets: Some(PullSecrets::new()), ..self }
    }

    /// Follows all watches for ever.
    pub async fn follow(&self) {
        let accounts = self.accounts.follow(Api::all(self.client.0.clone()), |account: ServiceAccount| {
            let key = (account.metadata.namespace.clone()?, account.metadata.name.clone()?);
            Some((key, service_account_facts(account)))
        });
        let namespaces = self.namespaces.follow(Api::all(self.client.0.clone()), |namespace: Namespace| {
            Some((namespace.metadata.name?, namespace.metadata.labels.unwrap_or_default()))
        });
        let pull_secrets = async {
            if let Some(secrets) = &self.pull_secrets {
                secrets.follow(&self.client.0).await;
            }
        };
        tokio::join!(accounts, namespaces, pull_secrets);
    }
}

const SERVICE_ACCOUNTS: &str = "serviceaccounts";
const NAMESPACES: &str = "namespaces";

impl Surroundings for ClusterSurroundings {
    fn service_account(&self, namespace: &str, name: &str) -> Known<Arc<ServiceAccountFacts>> {
        let account = self.accounts.object(&(namespace.to_owned(), name.to_owned()));
        account.map_or(Known::NotCached, Known::Present)
    }

    fn namespace(&self, name: &str) -> Known<Arc<NamespaceLabels>> {
        self.namespaces.object(&name.to_owned()).map_or(Known::NotCached, Known::Present)
    }

    fn pull_secret(&self, namespace: &str, name: &str) -> Known<Arc<Secret>> {
        let secret = self.pull_secrets.as_ref().and_then(|secrets| secrets.get(namespace, name));
        secret.map_or(Known::NotCached, Known::Present)
    }

    fn fetch_service_account<'a>(
        &'a self,
        namespace: &'a str,
        name: &'a str,
    ) -> Fetch<'a, ServiceAccountFacts> {
        Box::pin(async move {
            let api: Api<ServiceAccount> = Api::namespaced(self.client.0.clone(), namespace);
            let account = api.get_opt(name).await.map_err(|error| FetchError::of(&error))?;
            Ok(account.map(|account| Arc::new(service_account_facts(account))))
        })
    }

    fn fetch_namespace<'a>(&'a self, name: &'a str) -> Fetch<'a, NamespaceLabels> {
        Box::pin(async move {
            let api: Api<Namespace> = Api::all(self.client.0.clone());
            let namespace = api.get_opt(name).await.map_err(|error| FetchError::of(&error))?;
            Ok(namespace.map(|namespace| Arc::new(namespace.metadata.labels.unwrap_or_default())))
        })
    }

    fn caches(&self) -> Vec<CacheState> {
        let secrets = self.pull_secrets.iter().flat_map(PullSecrets::caches);
        [self.accounts.state(), self.namespaces.state()].into_iter().chain(secrets).collect()
    }

    fn failures(&self) -> Vec<CacheFailure> {
        let secrets = self.pull_secrets.iter().flat_map(PullSecrets::failures);
        [self.accounts.failure(), self.namespaces.failure()].into_iter().flatten().chain(secrets).collect()
    }

    fn fetch_pull_secret<'a>(&'a self, namespace: &'a str, name: &'a str) -> Option<Fetch<'a, Secret>> {
        self.pull_secrets.as_ref()?;
        Some(Box::pin(pull_secrets::fetch(self.client.0.clone(), namespace, name)))
    }
}

/// The texts that pulls depend on; everything else of the object is dropped.
fn service_account_facts(account: ServiceAccount) -> ServiceAccountFacts {
    let annotations = account.metadata.annotations.unwrap_or_default();
    let annotation = |key: &str| annotations.get(key).map(SmolStr::from);
    ServiceAccountFacts {
        acr_client_id: annotation("kubernetes.azure.com/acr-client-id"),
        acr_tenant_id: annotation("kubernetes.azure.com/acr-tenant-id"),
        workload_client_id: annotation("azure.workload.identity/client-id"),
        pull_secrets: account
            .image_pull_secrets
            .into_iter()
            .flatten()
            .map(|secret| SmolStr::from(secret.name))
            .collect(),
    }
}
