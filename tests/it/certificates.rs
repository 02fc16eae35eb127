//! The webhook's own certificate: the plan by its table, what is issued by verification, and a whole life of both
//! with clocks that run fast and readers that are slow.

use std::collections::VecDeque;
use std::sync::Arc;

use acr_admission::certificates::{Authority, Held, Issued, Leaf, Pace, ROTATE, Rotate, State, Step, plan};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rustls::crypto::CryptoProvider;
use serde::Deserialize;

const NAME: &str = "acr-admission.acr-admission.svc";
const PACE: Pace = Pace { trust: SignedDuration::from_secs(60), drop: SignedDuration::from_secs(600) };

fn start() -> Timestamp {
    "2026-11-23T00:00:00Z".parse().unwrap()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A row of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    #[serde(default)]
    authorities: Vec<f64>,
    #[serde(default)]
    keyless: bool,
    leaf: Option<f64>,
    #[serde(default)]
    by: usize,
    age: Option<String>,
    #[serde(default)]
    trusted: bool,
    noted: Option<String>,
    rotate: Option<String>,
    step: String,
}

impl Row {
    fn state(&self) -> State {
        let day = |days: f64| start() + SignedDuration::from_secs_f64(days * 86_400.0);
        let ago = |text: &String| {
            start() - SignedDuration::from_secs(text.strip_suffix('s').unwrap().parse::<i64>().unwrap())
        };
        let authority = |(number, days): (usize, &f64)| Authority {
            not_after: day(*days),
            can_sign: number == 0 && !self.keyless,
        };
        State {
            authorities: self.authorities.iter().enumerate().map(authority).collect(),
            leaf: self.leaf.map(|days| Leaf {
                not_after: day(days),
                since: self.age.as_ref().map(ago),
                authority: self.by,
            }),
            is_trusted: self.trusted,
            trusted_since: self.noted.as_ref().map(ago),
            rotate: self.rotate.as_deref().map(|word| match word {
                "certificate" => Rotate::Certificate,
                "authority" => Rotate::Authority,
                other => panic!("{other}"),
            }),
        }
    }
}

#[test]
fn the_next_step_is_that_of_the_table() {
    let rows: Vec<Row> = serde_saphyr::from_str(include_str!("../cases/certificates.yaml")).unwrap();
    for row in rows {
        let step = plan(&row.state(), PACE, start());
        assert_eq!(format!("{step:?}"), row.step, "{}", row.name);
    }
}

#[test]
fn what_is_issued_is_what_the_next_look_finds() {
    let mut held = Held::default();
    let now = start();
    let state = |held: &Held, now| held.state(NAME, Some(&[held.bundle().to_vec()]), &provider(), now);
    step(&mut held, Step::Begin, now);
    let begun = state(&held, now);
    assert_eq!((begun.authorities.len(), begun.authorities[0].can_sign, begun.is_trusted), (1, true, true));
    assert_eq!(begun.authorities[0].not_after, now + SignedDuration::from_hours(24 * 3650));
    let leaf = begun.leaf.unwrap();
    assert_eq!((leaf.authority, leaf.since), (0, Some(now)));
    assert_eq!(leaf.not_after, now + SignedDuration::from_hours(24 * 365));

    held.annotations.insert(ROTATE.to_owned(), "authority".to_owned());
    step(&mut held, Step::AddAuthority, now);
    let added = state(&held, now);
    assert_eq!((added.authorities.len(), added.leaf.unwrap().authority, added.rotate), (2, 1, None));
    step(&mut held, Step::NoteTrust, now);
    assert_eq!(state(&held, now).trusted_since, Some(now));
    step(&mut held, Step::IssueLeaf, now);
    assert_eq!(state(&held, now).leaf.unwrap().authority, 0);
    step(&mut held, Step::DropOld, now);
    assert_eq!(state(&held, now).authorities.len(), 1);
    assert!(held.certificate(NAME, &provider(), now).is_ok());
    assert!(held.certificate("other.acr-admission.svc", &provider(), now).is_err());
}

#[test]
fn a_note_of_a_time_that_never_comes_is_no_note() {
    let mut held = Held::default();
    step(&mut held, Step::Begin, start());
    for name in ["acr-admission.dev/served-since", "acr-admission.dev/trusted-since"] {
        for ahead in ["9999-12-30T22:00:00Z", "2026-11-24T00:00:00Z"] {
            held.annotations.insert(name.to_owned(), ahead.to_owned());
            let state = held.state(NAME, Some(&[held.bundle().to_vec()]), &provider(), start());
            assert_eq!((state.leaf.unwrap().since, state.trusted_since), (None, None), "{name}: {ahead}");
            assert_eq!(plan(&state, PACE, start()), Step::Rest);
        }
        held.annotations.remove(name);
        held.annotations.remove("acr-admission.dev/served-since");
    }
}

#[test]
fn a_certificate_counts_from_its_first_second_to_its_last() {
    let mut held = Held::default();
    step(&mut held, Step::Begin, start());
    let at = |seconds: i64| {
        let answer = held.certificate(NAME, &provider(), start() + SignedDuration::from_secs(seconds));
        answer.map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(at(-3601), Err("the certificate is not valid before 2026-11-22T23:00:00Z".to_owned()));
    assert_eq!((at(-3600), at(0), at(365 * 86_400 - 1)), (Ok(()), Ok(()), Ok(())));
    assert_eq!(at(365 * 86_400), Err("the certificate ended at 2027-11-23T00:00:00Z".to_owned()));
}

#[test]
fn what_holds_private_keys_does_not_show_them() {
    let mut held = Held::default();
    step(&mut held, Step::Begin, start());
    assert!(!format!("{held:?}").contains("PRIVATE"));
    assert!(held.data.values().any(|value| String::from_utf8_lossy(value).contains("PRIVATE KEY")));
}

/// Carries out a step as the API server would store it.
fn step(held: &mut Held, step: Step, now: Timestamp) {
    let state = held.state(NAME, Some(&[held.bundle().to_vec()]), &provider(), now);
    let issued = step.carry_out(held, &state, NAME, now).unwrap();
    store(held, issued.unwrap_or_default());
}

fn store(held: &mut Held, issued: Issued) {
    held.data.extend(issued.data.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())));
    for (name, value) in issued.annotations {
        match value {
            Some(value) => held.annotations.insert(name.to_owned(), value),
            None => held.annotations.remove(name),
        };
    }
}

/// Something that happens to a cluster.
#[derive(Clone, Debug)]
enum Happening {
    Pass { seconds: i64 },
    Rotate { word: &'static str },
    LoseAuthorityKey,
    ClearBundle,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (5..90_i64).prop_map(|seconds| Happening::Pass { seconds }),
        2 => (1..400_i64).prop_map(|days| Happening::Pass { seconds: days * 86_400 }),
        2 => prop_oneof![Just("certificate"), Just("authority"), Just("nonsense")]
            .prop_map(|word| Happening::Rotate { word }),
        1 => Just(Happening::LoseAuthorityKey),
        1 => Just(Happening::ClearBundle),
    ]
}

/// Leader and replicas look every five seconds, the API servers read a configuration up to a minute late.
struct World {
    now: Timestamp,
    held: Held,
    configured: Vec<u8>,
    /// What API servers may still believe: configurations and when they were replaced.
    believed: VecDeque<(Timestamp, Vec<u8>)>,
    /// What replicas may still show: Secrets and when they were replaced.
    shown: VecDeque<(Timestamp, Held)>,
    cleared: Option<Timestamp>,
}

impl World {
    fn new() -> Self {
        let mut held = Held::default();
        step(&mut held, Step::Begin, start());
        let configured = held.bundle().to_vec();
        Self {
            now: start(),
            held,
            configured,
            believed: VecDeque::new(),
            shown: VecDeque::new(),
            cleared: None,
        }
    }

    /// One look of the leader.
    fn look(&mut self) -> Step {
        let provider = provider();
        let bundles = [self.configured.clone()];
        let state = self.held.state(NAME, Some(&bundles), &provider, self.now);
        let step = plan(&state, PACE, self.now);
        if let Some(issued) = step.carry_out(&self.held, &state, NAME, self.now).unwrap() {
            if issued.data.contains_key("tls.crt") {
                self.shown.push_back((self.now, self.held.clone()));
            }
            store(&mut self.held, issued);
        } else if self.configured != self.held.bundle() {
            self.configure(self.held.bundle().to_vec());
        }
        step
    }

    fn configure(&mut self, bundle: Vec<u8>) {
        let before = std::mem::replace(&mut self.configured, bundle);
        self.believed.push_back((self.now, before));
    }

    /// Every certificate that may be shown is verified by every bundle that may be believed, unless an operator has
    /// just cleared a bundle.
    fn check(&mut self) {
        let now = self.now;
        self.believed.retain(|(until, _)| now < *until + SignedDuration::from_secs(59));
        // A replica may hear of a new certificate late: as long as the plan waits before it drops an authority.
        self.shown.retain(|(until, _)| now < *until + PACE.drop - SignedDuration::from_secs(5));
        if self.cleared.is_some_and(|cleared| now < cleared + SignedDuration::from_secs(130)) {
            return;
        }
        let shown = self.shown.iter().map(|(_, held)| held).chain([&self.held]);
        for held in shown {
            let believed = self.believed.iter().map(|(_, bundle)| bundle).chain([&self.configured]);
            for bundle in believed {
                let verifies = held.is_verifiable(NAME, std::slice::from_ref(bundle), &provider(), now);
                assert!(verifies, "a certificate was shown that an API server did not trust");
            }
        }
    }

    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Pass { seconds } if *seconds > 86_400 => {
                // The leader looks all the time; what it does at once is done before time flies to the next month.
                self.settle();
                let end = self.now + SignedDuration::from_secs(*seconds);
                while self.now < end {
                    self.now = end.min(self.now + SignedDuration::from_hours(24 * 30));
                    self.settle();
                }
            }
            Happening::Pass { seconds } => {
                for _ in 0..*seconds / 5 {
                    self.now += SignedDuration::from_secs(5);
                    self.look();
                    self.check();
                }
            }
            Happening::Rotate { word } => {
                self.held.annotations.insert(ROTATE.to_owned(), (*word).to_owned());
            }
            Happening::LoseAuthorityKey => {
                self.held.data.remove("ca.key");
            }
            Happening::ClearBundle => {
                self.cleared = Some(self.now);
                self.configure(Vec::new());
            }
        }
    }

    /// Looks until nothing is to be done, with pauses long enough for everybody.
    fn settle(&mut self) {
        for _ in 0..60 {
            let is_done = self.look() == Step::Rest && self.believed.is_empty() && self.shown.is_empty();
            self.check();
            self.now += SignedDuration::from_secs(61);
            if is_done && self.held.state(NAME, None, &provider(), self.now).authorities.len() == 1 {
                return;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_certificate_is_shown_that_is_not_trusted(happenings in prop::collection::vec(happening(), 1..12)) {
        let mut world = World::new();
        for happening in &happenings {
            world.happen(happening);
        }
        world.settle();
        let state = world.held.state(NAME, Some(&[world.configured.clone()]), &provider(), world.now);
        prop_assert_eq!(plan(&state, PACE, world.now), Step::Rest);
        prop_assert_eq!((state.authorities.len(), state.is_trusted), (1, true));
    }
}
