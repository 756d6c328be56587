//! A rewritten pod lands on every node that will do and on no other, and is refused only where none will.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::api;
use super::fleet::{HOSTNAME, NODE_BOUNDARY, Node};
use super::mps;
use super::scene::{Scene, Verdict, cases, judge, scene};
use super::scheduler::{landing, simulated};
use super::truth::Kind;
use super::wants::{self, Want, Wants};

type Check = Result<(), TestCaseError>;

/// For each want the resource its container asks for afterwards.
pub fn granted<'w>(wants: &'w Wants, after: &Value) -> Result<Vec<(&'w Want, String)>, String> {
    let mut granted = Vec::new();
    for (_, container) in api::roles(after) {
        let mut left: BTreeMap<&str, i128> = api::gpus(container);
        let own = wants
            .list
            .iter()
            .filter(|w| container["name"] == *w.container);
        let (fixed, free): (Vec<&Want>, Vec<&Want>) = own.partition(|w| w.fixed.is_some());
        for want in fixed.into_iter().chain(free) {
            let name = match &want.fixed {
                Some(name) => left.get_key_value(name.as_str()).map(|(n, _)| *n),
                None => left.keys().next().copied(),
            };
            let Some(name) = name else {
                return Err(format!(
                    "{} wants {} of {:?} more than {}",
                    want.container, want.count, want.fixed, container["resources"]
                ));
            };
            let amount = left.get_mut(name).unwrap();
            *amount -= i128::from(want.count) * 1000;
            if *amount == 0 {
                left.remove(name);
            }
            granted.push((want, name.to_owned()));
        }
        if !left.is_empty() {
            return Err(format!("{} has {left:?} left over", container["name"]));
        }
    }
    Ok(granted)
}

/// Every node the pod can land on gives every container what it asked for, by the strategy that was chosen.
pub fn is_sound(scene: &Scene, wants: &Wants, verdict: &Verdict) -> Check {
    let Some(strategy) = verdict.strategy else {
        return Ok(());
    };
    let after = &verdict.after;
    prop_assert_eq!(
        after["metadata"]["labels"]["slicegate.dev/strategy"].as_str(),
        Some(strategy)
    );
    let granted = granted(wants, after).map_err(TestCaseError::fail)?;
    for node in landing(after, &scene.fleet) {
        for (want, resource) in &granted {
            let truth = node.truth.get(resource);
            let place = format!("{} gives {} {resource}", node.name(), want.container);
            let Some(truth) = truth else {
                return Err(TestCaseError::fail(format!("{place}, which it has not")));
            };
            prop_assert_eq!(truth.kind.word(), strategy, "{}", place);
            let least = wants.tier.as_ref().map_or(0, wants::isolation);
            prop_assert!(
                truth.kind.isolation() >= least,
                "{}: {:?} is weaker than the tier",
                place,
                truth.kind
            );
            let lack = wants.lacks(want, truth);
            prop_assert!(lack.is_none(), "{}: {}", place, lack.unwrap_or_default());
            prop_assert!(
                !truth.kind.is_shared() || node.label(HOSTNAME).is_some(),
                "{}: no hostname label",
                place
            );
            prop_assert!(
                !truth.kind.is_shared() || want.count == 1,
                "{}: {} shares",
                place,
                want.count
            );
            if truth.kind == Kind::Mps {
                mps::is_capped(want, after, truth)
                    .map_err(|e| TestCaseError::fail(format!("{place}: {e}")))?;
            }
        }
    }
    Ok(())
}

/// No node that would do is shut out.
pub fn is_complete(scene: &Scene, wants: &Wants, verdict: &Verdict) -> Check {
    let Some(strategy) = verdict.strategy else {
        return Ok(());
    };
    let granted = granted(wants, &verdict.after).map_err(TestCaseError::fail)?;
    let lands: Vec<&str> = landing(&verdict.after, &scene.fleet)
        .into_iter()
        .map(Node::name)
        .collect();
    let roomy: Vec<&str> = simulated(
        &scene.fleet,
        &[&verdict.after],
        api::is_gpu,
        |cluster, pods| {
            let nodes = scene.fleet.nodes.iter().enumerate();
            let roomy = nodes.filter(|(index, _)| cluster.has_room(&pods[0], *index));
            roomy.map(|(_, node)| node.name()).collect()
        },
    );
    for node in Wants::reached(scene, &scene.fleet) {
        let serves = |(want, resource): &(&Want, String)| {
            let truth = node.truth.get(resource);
            truth.is_some_and(|t| {
                t.kind.word() == strategy && t.is_told && wants.lacks(want, t).is_none()
            })
        };
        let shared = Kind::of(strategy).is_shared();
        if !node.is_available
            || shared && !is_for_sharing(scene, verdict, node)
            || !granted.iter().all(serves)
        {
            continue;
        }
        prop_assert!(
            !roomy.contains(&node.name()) || lands.contains(&node.name()),
            "{} would do as well\nafter {}",
            node.name(),
            verdict.after
        );
    }
    Ok(())
}

/// Whether boundaries can be kept apart there: anti-affinity needs a hostname, the other way a label of the administrator.
fn is_for_sharing(scene: &Scene, verdict: &Verdict, node: &Node) -> bool {
    let by_label = scene.policy["spec"]["placement"]["boundary"] == "node-label";
    let own = verdict.after["metadata"]["labels"]["slicegate.dev/trust-boundary"].as_str();
    node.label(HOSTNAME).is_some() && (!by_label || node.label(NODE_BOUNDARY) == own)
}

/// The first strategy of the tier that some node serves today is taken; else the first that one may serve some day.
fn is_first(scene: &Scene, wants: &Wants, verdict: &Verdict) -> Check {
    let Some(strategy) = verdict.strategy.filter(|_| !verdict.has("supply-unknown")) else {
        return Ok(());
    };
    let nodes = Wants::reached(scene, &scene.fleet);
    // What nobody could tell from labels may or may not be taken.
    if nodes.iter().any(|n| n.truth.values().any(|t| !t.is_told)) {
        return Ok(());
    }
    let by = |today: bool| {
        let mut order = wants.strategies.iter();
        order.find(|kind| {
            nodes
                .iter()
                .any(|n| (n.is_available || !today) && wants.are_served(**kind, n))
        })
    };
    if let Some(best) = by(true).or_else(|| by(false)) {
        prop_assert_eq!(strategy, best.word());
    }
    Ok(())
}

/// Where nothing is said to fit, nothing fits.
pub fn is_hopeless(scene: &Scene, wants: &Wants, verdict: &Verdict) -> Check {
    if !verdict.is_denied_only_by("no-such-offer") {
        return Ok(());
    }
    for node in Wants::reached(scene, &scene.fleet) {
        for kind in &wants.strategies {
            prop_assert!(
                !wants.are_served(*kind, node),
                "{} serves it by {}: {:?}",
                node.name(),
                kind.word(),
                verdict.messages
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn sound(scene in scene(10)) {
        let verdict = judge(&scene.world(), &scene.pod.0)?;
        prop_assume!(verdict.strategy.is_some());
        is_sound(&scene, &wants::read(&scene), &verdict)?;
    }

    #[test]
    fn complete(scene in scene(10)) {
        let verdict = judge(&scene.world(), &scene.pod.0)?;
        prop_assume!(verdict.strategy.is_some());
        is_complete(&scene, &wants::read(&scene), &verdict)?;
    }

    #[test]
    fn refused_only_without_hope(scene in scene(10)) {
        let verdict = judge(&scene.world(), &scene.pod.0)?;
        prop_assume!(verdict.is_denied_only_by("no-such-offer"));
        is_hopeless(&scene, &wants::read(&scene), &verdict)?;
    }

    #[test]
    fn best_strategy_first(scene in scene(10)) {
        let verdict = judge(&scene.world(), &scene.pod.0)?;
        prop_assume!(verdict.strategy.is_some());
        is_first(&scene, &wants::read(&scene), &verdict)?;
    }
}
