//! The node's credential plugin: for which hosts a kubelet asks it, and what it answers.
//!
//! `acr-credential-provider` is asked for the hosts in `matchImages`, which node provisioning writes. It answers with
//! a login for hosts that it takes for a registry, and adds an empty entry for `*.azurecr.*` to every login, so that
//! an anonymous try follows for hosts of three labels and for no others (kubernetes-sigs/cloud-provider-azure,
//! `pkg/credentialprovider`; Azure/AgentBaker).

use super::cluster::{Cloud, Mirror};
use super::location::host_covers;

/// Whether a kubelet asks the plugin about a host, given as spelled.
#[must_use]
pub fn is_asked_about(host: &str) -> bool {
    MATCH_IMAGES.iter().any(|pattern| host_covers(pattern, host))
}

/// Whether the empty entry that goes with every login covers a host, given as spelled.
#[must_use]
pub fn empty_entry_covers(host: &str) -> bool {
    host_covers(EMPTY_ENTRY, host)
}

/// The kind of credential that the plugin has to offer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PluginCredential {
    /// A token of a managed identity, exchanged for a login at the very host.
    ManagedIdentity,
    /// A client secret, offered for hosts of three labels.
    ClientSecret,
}

/// Whether the plugin's answer holds a login that the kubelet would send to the host.
pub(super) fn answers_with_login(
    host: &str,
    cloud: Cloud,
    mirrors: &[Mirror],
    credential: PluginCredential,
) -> bool {
    if let Some(mirror) = mirrors.iter().find(|mirror| mirror.source == host) {
        return credential == PluginCredential::ManagedIdentity && is_registry(&mirror.target, cloud);
    }
    is_asked_about(host)
        && is_registry(host, cloud)
        && match credential {
            PluginCredential::ManagedIdentity => true,
            PluginCredential::ClientSecret => empty_entry_covers(host),
        }
}

/// Whether the plugin takes a host it is asked about for a registry. Plain names are known in every cloud; regional
/// and hyphenated ones pass only by the suffix of the node's own cloud.
fn is_registry(host: &str, cloud: Cloud) -> bool {
    let name = host.split('.').next().unwrap_or_default();
    let plain = empty_entry_covers(host) && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain || host.strip_suffix(cloud.registry_suffix()).is_some_and(|name| name.ends_with('.'))
}

/// What node provisioning writes, on Linux and on Windows.
const MATCH_IMAGES: [&str; 8] = [
    "*.azurecr.io",
    "*.azurecr.cn",
    "*.azurecr.de",
    "*.azurecr.us",
    "*.*.geo.azurecr.io",
    "*.*.geo.azurecr.cn",
    "*.*.geo.azurecr.de",
    "*.*.geo.azurecr.us",
];

/// The entry with neither user nor password in every answer that holds a login.
const EMPTY_ENTRY: &str = "*.azurecr.*";

#[cfg(test)]
mod tests {
    use super::{Cloud, PluginCredential, answers_with_login};

    fn login(host: &str, cloud: Cloud, credential: PluginCredential) -> bool {
        answers_with_login(host, cloud, &[], credential)
    }

    #[test]
    fn plain_names_get_a_login_in_every_cloud() {
        for host in ["reg.azurecr.io", "REG.azurecr.cn", "reg.azurecr.us", "reg.azurecr.de"] {
            for cloud in [Cloud::AzurePublic, Cloud::AzureChina, Cloud::AzureUSGovernment] {
                assert!(login(host, cloud, PluginCredential::ManagedIdentity), "{host} {cloud:?}");
                assert!(login(host, cloud, PluginCredential::ClientSecret), "{host} {cloud:?}");
            }
        }
    }

    #[test]
    fn other_names_get_one_in_their_own_cloud() {
        for host in ["reg-hash.azurecr.cn", "reg.chinanorth.geo.azurecr.cn", "reg_1.azurecr.cn"] {
            assert!(login(host, Cloud::AzureChina, PluginCredential::ManagedIdentity), "{host}");
            assert!(!login(host, Cloud::AzurePublic, PluginCredential::ManagedIdentity), "{host}");
        }
    }

    #[test]
    fn client_secrets_go_to_hosts_of_three_labels() {
        let regional = "reg.westeurope.geo.azurecr.io";
        assert!(login(regional, Cloud::AzurePublic, PluginCredential::ManagedIdentity));
        assert!(!login(regional, Cloud::AzurePublic, PluginCredential::ClientSecret));
    }

    #[test]
    fn a_host_spelled_otherwise_gets_none() {
        for host in
            ["reg.azurecr.io:443", "reg.AZURECR.io", "reg.privatelink.azurecr.io", "azurecr.io", "docker.io"]
        {
            assert!(!login(host, Cloud::AzurePublic, PluginCredential::ManagedIdentity), "{host}");
        }
    }
}
