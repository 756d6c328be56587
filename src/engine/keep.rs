//! Recognises a choice that is already written and still holds, so that a second pass changes nothing.
//!
//! Nothing is believed: the node selector terms of the pod say themselves what kind of node it can land on, and
//! that is read exactly like the labels of a node. What they describe has to satisfy the tier and the ask.

use std::cell::Cell;

use super::case::{Case, Choice, Grant};
use super::rules;
use super::strategy::Strategy;
use super::supply::Offer;
use super::supply::filter::holds;
use super::supply::read::{self, Labels};
use super::want::{Named, Want};
use super::words;
use crate::facts::Pod;
use crate::facts::pod::{NodeSelectorTerm, Requirement};
use crate::facts::text::Pairs;

/// More described kinds of nodes than any rewrite makes.
const MOST_KINDS: usize = 512;

/// Whether a pod carries the labels and the receipt of a finished rewrite.
pub fn is_stamped(pod: &Pod<'_>) -> bool {
    pod.annotation(words::DECISION).is_some()
        && pod.label(words::TRUST_BOUNDARY).is_some()
        && pod.label(words::STRATEGY).is_some()
}

/// The written choice, if it satisfies the case by itself.
pub fn keep<'a>(case: &Case<'_, 'a>) -> Option<Choice<'a>> {
    if case.filter.node_name.is_some() {
        // It runs on that node, as the node is now, whatever its terms say.
        return None;
    }
    let strategy = Strategy::from_word(case.pod.label(words::STRATEGY)?)?;
    case.strategies.iter().find(|s| *s == strategy)?;
    if rules::removal(case, strategy).is_some() {
        return None;
    }
    let mut grants = written_grants(case.wants)?;
    // A node selector may say all of it, and then there are no terms.
    let selected = [NodeSelectorTerm::default()];
    let terms = case.filter.terms.as_deref();
    let mut described = 0;
    for term in terms.unwrap_or(&selected) {
        if terms.is_some() && super::terms::is_empty(term) {
            continue;
        }
        for (want, grant) in case.wants.iter().zip(&mut grants) {
            let labels = Described::new(term, case.filter.node_selector);
            described += labels.each_kind(grant.resource, case, &mut |offer| {
                let fits = offer.strategy == strategy && case.suits(want, offer);
                let mib = offer.memory_mib.unwrap_or(0);
                grant.smallest_mib = grant.smallest_mib.min(mib);
                grant.smallest_percent = grant.smallest_percent.min(offer.compute_percent());
                fits
            })?;
        }
    }
    if described == 0 || !holds_on_known_nodes(case, strategy, &grants) {
        return None;
    }
    Some(Choice {
        strategy,
        grants,
        nodes: Vec::new(),
        taints: Vec::new(),
    })
}

/// Whether every known node that the terms lead to really gives what its labels promise.
fn holds_on_known_nodes(case: &Case<'_, '_>, strategy: Strategy, grants: &[Grant<'_>]) -> bool {
    let groups = case.supply.groups.iter();
    let mut led_to = groups.filter(|group| case.reaches_as_is(group));
    led_to.all(|group| {
        let lies = |resource: &str| group.unknown.iter().any(|(r, _)| r == resource);
        case.wants.iter().zip(grants).all(|(want, grant)| {
            let sold = group.sold.iter();
            let mut offers = sold.filter_map(|s| case.supply.offers.get(s.offer));
            let fits = |o: &Offer| o.strategy == strategy && case.suits(want, o);
            !lies(grant.resource)
                && offers
                    .find(|o| o.resource == grant.resource)
                    .is_none_or(fits)
        })
    })
}

/// The resources the containers ask for now; none where one asks by annotation alone.
fn written_grants<'a>(wants: &[Want<'a>]) -> Option<Vec<Grant<'a>>> {
    let resource = |want: &Want<'a>| match want.named {
        Named::Nothing => None,
        _ if want.ask.fraction_in_quantity => None,
        _ => Some(want.fixed_resource().unwrap_or(words::GPU)),
    };
    let grant = |resource| Grant {
        resource,
        smallest_mib: u64::MAX,
        smallest_percent: 100,
    };
    wants.iter().map(|w| resource(w).map(grant)).collect()
}

/// The node that a term describes, for one choice among the values it lists.
struct Described<'t> {
    term: &'t NodeSelectorTerm<'t>,
    selector: Option<&'t Pairs<'t>>,
    picked: Vec<(&'t str, &'t str)>,
    /// What `Gt` requirements promise at least, as a label would say it.
    promises: Vec<(&'t str, String)>,
    missing: Cell<bool>,
}

impl<'t> Described<'t> {
    fn new(term: &'t NodeSelectorTerm<'t>, selector: Option<&'t Pairs<'t>>) -> Self {
        let above = term.match_expressions.iter().flatten();
        let above = above.filter(|r| &*r.operator == "Gt");
        let promise = |r: &'t Requirement<'t>| {
            let bound: u64 = r.values.as_ref()?.first()?.parse().ok()?;
            Some((&*r.key, bound.checked_add(1)?))
        };
        // Of two bounds on one label, the user's and ours, the higher one holds.
        let mut promises: Vec<(&str, u64)> = above.filter_map(promise).collect();
        promises.sort_by_key(|(_, least)| std::cmp::Reverse(*least));
        Self {
            term,
            selector,
            picked: Vec::new(),
            promises: promises
                .into_iter()
                .map(|(key, least)| (key, least.to_string()))
                .collect(),
            missing: Cell::new(false),
        }
    }

    /// Calls back for every kind of node the term allows; none where it leaves open what a node is or a kind does not fit.
    fn each_kind(
        mut self,
        resource: &str,
        case: &Case<'_, '_>,
        fits: &mut dyn FnMut(&Offer) -> bool,
    ) -> Option<usize> {
        let lists = self.lists();
        let kinds: usize = lists.iter().map(|(_, values)| values.len()).product();
        // Requirements that contradict each other leave no node at all, so there is nothing to describe.
        if kinds > MOST_KINDS {
            return None;
        }
        for kind in 0..kinds {
            let mut rest = kind;
            self.picked.clear();
            for (key, values) in &lists {
                self.picked.push((key, values.get(rest % values.len())?));
                rest /= values.len();
            }
            let unlabelled = case.policy.supply.unlabelled;
            let reading = read::resource(&self, resource, 1, unlabelled);
            let Ok(offer) = reading else {
                return None;
            };
            if self.missing.get() || !fits(&offer) {
                return None;
            }
        }
        Some(kinds)
    }

    /// The keys with the values the term allows, every requirement on a key considered.
    fn lists(&self) -> Vec<(&'t str, Vec<&'t str>)> {
        let mut lists: Vec<(&str, Vec<&str>)> = Vec::new();
        for (key, value) in self.selector.iter().flat_map(|s| s.iter()) {
            if is_telling(key) {
                lists.push((key, vec![value]));
            }
        }
        for requirement in self.requirements("In") {
            let known = lists.iter().any(|(key, _)| *key == &*requirement.key);
            if is_telling(&requirement.key) && !known {
                let values = requirement.values.iter().flatten();
                lists.push((&requirement.key, values.map(|v| &**v).collect()));
            }
        }
        for (key, values) in &mut lists {
            let all = self.term.match_expressions.iter().flatten();
            let own: Vec<&Requirement<'_>> = all.filter(|r| &*r.key == *key).collect();
            values.retain(|value| own.iter().all(|r| holds(r, Some(value))));
        }
        lists
    }

    fn requirements(&self, operator: &'static str) -> impl Iterator<Item = &'t Requirement<'t>> {
        let all = self.term.match_expressions.iter().flatten();
        all.filter(move |r| &*r.operator == operator)
    }
}

/// Whether a label says what a node hands out, rather than where it stands.
fn is_telling(key: &str) -> bool {
    key.starts_with("nvidia.com/")
        || key.starts_with("cloud.google.com/gke-")
        || key.starts_with("eks.amazonaws.com/instance-gpu-")
}

impl Labels for Described<'_> {
    fn label(&self, key: &str) -> Option<&str> {
        if let Some((_, value)) = self.picked.iter().find(|(k, _)| *k == key) {
            return Some(value);
        }
        if let Some((_, value)) = self.promises.iter().find(|(k, _)| *k == key) {
            return Some(value);
        }
        match key {
            // The plugin offers nothing above the driver's limit, so a node with these labels is within it.
            "nvidia.com/gpu.compute.major" => Some("9"),
            _ if is_detail(key) => None,
            _ => {
                let absent = self.requirements("DoesNotExist").any(|r| &*r.key == key);
                self.missing.set(self.missing.get() || !absent);
                None
            }
        }
    }
}

/// Labels without which an offer can still be read, only with less known about it.
fn is_detail(key: &str) -> bool {
    let attribute = key.rsplit_once('.').map_or(key, |(_, attribute)| attribute);
    matches!(attribute, "count" | "memory" | "minor" | "gi")
        || key.starts_with(words::MIG) && attribute == "product"
        || key == "eks.amazonaws.com/instance-gpu-count"
}
