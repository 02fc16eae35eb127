//! Several exports of one object (ruling 5): a value wins over none, and two different values are told.

/// Takes over `new` where nothing is known yet. Returns `false` where both are known and differ.
pub(super) fn settle<T: PartialEq>(known: &mut Option<T>, new: Option<T>) -> bool {
    match (&*known, new) {
        (_, None) => true,
        (Some(old), Some(new)) => *old == new,
        (None, new) => {
            *known = new;
            true
        }
    }
}

/// As [`settle`], but where two exports differ the `strict` value stays: the one that grants less.
pub(super) fn settle_strictly(known: &mut Option<bool>, new: Option<bool>, strict: bool) -> bool {
    let agrees = settle(known, new);
    if !agrees {
        *known = Some(strict);
    }
    agrees
}

/// Adds what is not there yet, keeping the order.
pub(super) fn unite<T: PartialEq>(known: &mut Vec<T>, new: Vec<T>) {
    for item in new {
        if !known.contains(&item) {
            known.push(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{settle, settle_strictly, unite};

    #[test]
    fn a_value_wins_over_none_whichever_comes_first() {
        let mut known = None;
        assert!(settle(&mut known, None) && settle(&mut known, Some(1)) && settle(&mut known, None));
        assert_eq!(known, Some(1));
        assert!(!settle(&mut known, Some(2)));
        assert_eq!(known, Some(1));
    }

    #[test]
    fn contradicting_switches_end_at_the_strict_side() {
        let mut known = Some(true);
        assert!(!settle_strictly(&mut known, Some(false), false));
        assert_eq!(known, Some(false));
    }

    #[test]
    fn a_union_keeps_the_first_order() {
        let mut known = vec![2, 1];
        unite(&mut known, vec![1, 3]);
        assert_eq!(known, [2, 1, 3]);
    }
}
