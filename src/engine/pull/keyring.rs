//! Which entries of pull secrets a kubelet tries for an image, and in which order.
//!
//! All entries of all secrets go into one ring. Those whose key covers the image come out in reverse alphabetical
//! order of their keys, so that `host/path` precedes `host`, and `host` precedes `*.azurecr.io`; entries of one and
//! the same key in the order in which the secrets are listed (Kubernetes, `pkg/credentialprovider/keyring.go`).

use super::location::{ImageName, Location};
use super::puller::PullSecretEntry;

/// The entries to try, in order, out of entries with something to tell their origin by.
pub(super) fn lookup<'a, O>(
    image: ImageName<'_>,
    entries: impl IntoIterator<Item = (O, &'a PullSecretEntry)>,
) -> Vec<(O, &'a PullSecretEntry)> {
    let ring = entries.into_iter().filter_map(|(origin, entry)| Some((ring_key(&entry.key)?, origin, entry)));
    let (mut matching, others): (Vec<_>, Vec<_>) =
        ring.partition(|(key, ..)| Location::parse(key).is_some_and(|location| location.covers(image)));
    if matching.is_empty() && is_docker_hub(image.host) {
        matching = others.into_iter().filter(|(key, ..)| key == DOCKER_HUB_KEY).collect();
    }
    matching.sort_by(|(left, ..), (right, ..)| right.cmp(left));
    matching.into_iter().map(|(_, origin, entry)| (origin, entry)).collect()
}

/// The key under which the ring keeps an entry: without scheme, user part, query, and the `/v1/` or `/v2/` that
/// registry addresses end with.
fn ring_key(key: &str) -> Option<String> {
    let address = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let Location { mut host, path } = Location::parse(address)?;
    let after_version = ["/v1", "/v2"].iter().find_map(|version| path.strip_prefix(version));
    let path = after_version.filter(|rest| rest.starts_with('/')).unwrap_or(&path);
    if path != "/" {
        host.push_str(path);
    }
    Some(host)
}

/// Whether the kubelet takes the host for Docker Hub, which it does with every host that holds no `.` and no `:`.
fn is_docker_hub(host: &str) -> bool {
    host == "docker.io" || host == DOCKER_HUB_KEY || !host.contains(['.', ':'])
}

/// The key that `docker login` writes for Docker Hub, `https://index.docker.io/v1/`, in the ring's form.
const DOCKER_HUB_KEY: &str = "index.docker.io";

#[cfg(test)]
mod tests {
    use super::{ImageName, PullSecretEntry, lookup, ring_key};

    fn order(keys: &[&str], host: &str, path: &str) -> Vec<String> {
        let entries: Vec<_> = keys
            .iter()
            .map(|key| PullSecretEntry { key: (*key).into(), user: "u".into(), has_password: true })
            .collect();
        let found = lookup(ImageName { host, path }, entries.iter().map(|entry| ((), entry)));
        found.into_iter().map(|((), entry)| entry.key.to_string()).collect()
    }

    #[test]
    fn schemes_and_version_tails_do_not_count() {
        for key in ["reg.io", "https://reg.io", "http://reg.io/", "reg.io/v1/", "https://user@reg.io/v2/"] {
            assert_eq!(ring_key(key).as_deref(), Some("reg.io"), "{key}");
        }
        assert_eq!(ring_key("reg.io/v2/team").as_deref(), Some("reg.io/team"));
        assert_eq!(ring_key("https://reg.io/v2").as_deref(), Some("reg.io/v2"));
        assert_eq!(ring_key("HTTPS://reg.io").as_deref(), Some("HTTPS://reg.io"));
    }

    #[test]
    fn longer_keys_come_first_and_wildcards_last() {
        assert_eq!(
            order(&["*.io", "reg.io", "reg.io/a", "reg.io/b"], "reg.io", "a/x"),
            ["reg.io/a", "reg.io", "*.io"]
        );
    }

    #[test]
    fn the_key_of_docker_hub_serves_where_nothing_else_matches() {
        let hub = "https://index.docker.io/v1/";
        assert_eq!(order(&[hub], "docker.io", "library/redis"), [hub]);
        assert_eq!(order(&[hub, "docker.io"], "docker.io", "library/redis"), ["docker.io"]);
        assert_eq!(order(&[hub], "localhost", "x"), [hub]);
        assert_eq!(order(&[hub], "reg.io", "x"), Vec::<String>::new());
    }
}
