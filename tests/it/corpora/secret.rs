//! Any value of a pull secret is either malformed, and then nobody tries anything, or it has entries, out of which an
//! image gets those that cover it: each at most once, in reverse order of their keys, before the node's own login.

use std::sync::LazyLock;

use acr_admission::engine::index::Index;
use acr_admission::engine::inventory::Inventory;
use acr_admission::engine::pull::{
    ClusterProfile, ImageName, ProfileOverrides, PullSecret, PullSecretEntry, PullSecretState, Puller,
    Question, ServiceAccountState, Try, chain,
};
use acr_admission::workload::{PullSecretFormat, Secret, read_pull_secret};

use super::text::text;

static CLUSTER: LazyLock<ClusterProfile> = LazyLock::new(|| {
    let index = Index::build(Inventory::default());
    ClusterProfile::from_inventory(&index, None, &ProfileOverrides::default()).cluster
});

const IMAGES: [ImageName<'static>; 4] = [
    ImageName { host: "contoso.azurecr.io", path: "team-a/app" },
    ImageName { host: "contoso.azurecr.io:443", path: "app" },
    ImageName { host: "docker.io", path: "library/nginx" },
    ImageName { host: "r.example", path: "x" },
];

pub(crate) fn check(input: &[u8]) {
    // A whole Secret, as manifests and the API server give it.
    drop(Secret::read(text(input)));
    let [wrapped, bare] = [PullSecretFormat::DockerConfigJson, PullSecretFormat::DockerCfg]
        .map(|format| read_pull_secret("s", format, input));
    if let Ok(bare) = &bare
        && !input.is_empty()
    {
        let config = [b"{\"auths\":", input, b"}"].concat();
        let same = read_pull_secret("s", PullSecretFormat::DockerConfigJson, &config);
        assert_eq!(same.as_ref(), Ok(bare), "the two formats differ in nothing but `auths`");
    }
    for secret in [wrapped, bare] {
        match secret {
            Ok(secret) => check_entries(&secret),
            Err(fault) => {
                assert!(!fault.to_string().is_empty());
                let malformed = PullSecretState::Malformed { name: "s" };
                assert!(tries(&[malformed], IMAGES[0]).is_empty(), "a malformed secret stops everybody");
            }
        }
    }
}

fn check_entries(secret: &PullSecret) {
    assert!(secret.entries.is_sorted_by(|one, next| one.key < next.key), "keys are sorted and differ");
    let other = PullSecret {
        name: "other".into(),
        entries: vec![PullSecretEntry {
            key: "contoso.azurecr.io".into(),
            user: "u".into(),
            has_password: true,
        }],
        holder: None,
    };
    // An image that the first entry is likely to cover.
    let host = secret.entries.first().map_or("", |entry| entry.key.split('/').next().unwrap_or_default());
    for image in IMAGES.into_iter().chain([ImageName { host, path: "team-a/app" }]) {
        let alone = tries(&[PullSecretState::Read(secret)], image);
        let own = of_secret(&alone, "s");
        assert!(own.len() <= secret.entries.len(), "an entry is tried once at most");
        for user in own.iter().copied().flatten() {
            let known = secret.entries.iter().any(|entry| entry.has_password && entry.user.starts_with(user));
            assert!(known && !user.contains(':'), "{user}");
        }
        let joined = tries(&[PullSecretState::Read(secret), PullSecretState::Read(&other)], image);
        let docker_hub_only = image.host != "contoso.azurecr.io" && !image.host.contains('.');
        if !docker_hub_only {
            assert_eq!(of_secret(&joined, "s"), own, "another secret takes nothing away");
        }
    }
}

fn tries(secrets: &[PullSecretState<'_>], image: ImageName<'_>) -> Vec<Try> {
    let puller = Puller {
        namespace: "shop",
        service_account_name: "default",
        service_account: ServiceAccountState::StaticPod,
        pull_secrets: secrets.to_vec(),
        virtual_node: false,
        windows: false,
    };
    chain(image, &puller, &CLUSTER, Question::Actual)
}

/// The users that one secret's tries send, `None` for a try without a password.
fn of_secret<'a>(tries: &'a [Try], secret: &str) -> Vec<Option<&'a str>> {
    let tries = tries.iter().filter_map(|attempt| match attempt {
        Try::Secret { name, user } if name == secret => Some(Some(user.as_str())),
        Try::SecretWithoutPassword { name } if name == secret => Some(None),
        _ => None,
    });
    tries.collect()
}
