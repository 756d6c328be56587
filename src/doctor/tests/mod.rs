//! What each check says of a healthy installation, and when one thing is changed in it.

mod cluster;
mod healthy;
mod installation;

use super::Severity::{self, Fail, Ok as Good, Warn};
use super::verdict::Boundary;
use super::{Gathered, Group, Line, Sight, Unseen, examine, grant, verdict};
use cluster::{BOUNDARY, GUARD, POLICY, SUPPLY};
use healthy::{annotate, argument, found, healthy, label, own_pod, whole_alone};
use installation::INSTALLATION;

pub(super) use healthy::nothing;

fn all(lines: &[Line]) -> String {
    let line = |l: &Line| {
        format!(
            "{} {}: {}\n",
            l.finding.severity.word(),
            l.check,
            l.finding.message
        )
    };
    lines.iter().map(line).collect()
}

#[test]
fn nothing_is_wrong_with_a_healthy_installation() {
    let lines = examine(&healthy());
    assert!(
        lines.iter().all(|l| l.finding.severity == Severity::Ok),
        "{}",
        all(&lines)
    );
    let verdict = verdict(&lines);
    assert_eq!(
        (verdict.works, verdict.boundary),
        (Some(true), Boundary::Guaranteed)
    );
    assert_eq!(
        verdict.message,
        "slicegate works here; the trust boundary is guaranteed among enforced namespaces."
    );
}

#[test]
fn what_nobody_may_see_is_said_by_every_check_and_nothing_is_claimed() {
    let lines = examine(&nothing("slicegate-system"));
    for line in &lines {
        assert_eq!(line.finding.severity, Severity::Warn, "{line:?}");
        assert!(line.finding.message.starts_with("not "), "{line:?}");
        assert!(line.finding.fix.is_some(), "{line:?}");
        assert_ne!(line.finding.sight, Sight::Seen, "{line:?}");
    }
    let verdict = verdict(&lines);
    assert_eq!((verdict.works, verdict.boundary), (None, Boundary::Unknown));
}

/// What is changed, which check finds it, how bad it is, and what it says of it.
type Case = (fn(&mut Gathered), &'static str, Severity, &'static str);

#[test]
fn each_thing_that_is_wrong_is_found_by_its_check() {
    let mut faults = Vec::new();
    for (group, cases) in [
        (Group::Installation, INSTALLATION),
        (Group::Policy, POLICY),
        (Group::Guard, GUARD),
        (Group::Supply, SUPPLY),
        (Group::Boundary, BOUNDARY),
    ] {
        for (change, check, severity, words) in cases {
            let mut gathered = healthy();
            change(&mut gathered);
            let lines = examine(&gathered);
            let ours = lines.iter().filter(|l| l.check == *check);
            let is =
                |l: &Line| l.finding.severity == *severity && l.finding.message.contains(words);
            if !ours.clone().any(is) {
                let ours: Vec<Line> = ours.clone().cloned().collect();
                faults.push(format!(
                    "{check}: {} {words}\n{}",
                    severity.word(),
                    all(&ours)
                ));
            }
            assert!(ours.clone().all(|l| l.group == group), "{check}");
            let without_fix = |l: &&Line| l.finding.severity != Good && l.finding.fix.is_none();
            assert!(!lines.iter().any(|l| without_fix(&l)), "{check}");
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_check_has_a_case_in_which_it_complains() {
    let cases = [INSTALLATION, POLICY, GUARD, SUPPLY, BOUNDARY].concat();
    let complains = |id: &str| {
        cases
            .iter()
            .any(|(_, check, severity, _)| *check == id && *severity != Good)
    };
    let quiet: Vec<&str> = super::checks::ALL
        .iter()
        .map(|(id, ..)| *id)
        .filter(|id| !complains(id))
        .collect();
    assert_eq!(quiet, Vec::<&str>::new());
}

#[test]
fn the_verdict_says_of_slicegate_and_of_the_boundary_what_their_groups_say() {
    let of = |change: fn(&mut Gathered)| {
        let mut gathered = healthy();
        change(&mut gathered);
        let verdict = verdict(&examine(&gathered));
        (verdict.severity, verdict.works, verdict.boundary)
    };
    assert_eq!(
        of(|g| g.service = Ok(None)),
        (Fail, Some(false), Boundary::Guaranteed)
    );
    assert_eq!(
        of(|g| g.guard[0].1 = Ok(None)),
        (Fail, Some(true), Boundary::NotGuaranteed)
    );
    assert_eq!(
        of(|g| found(&mut g.version)["minor"] = "33".into()),
        (Warn, Some(true), Boundary::Limited)
    );
    assert_eq!(
        of(|g| g.pods = Err(Unseen::unasked("x"))),
        (Warn, Some(true), Boundary::Unknown)
    );
    let possible_breach = |g: &mut Gathered| {
        let pods = ["team", "off"].map(|of| healthy::on("lost", healthy::pod(of, "c")));
        found(&mut g.pods).extend(pods);
    };
    assert_eq!(of(possible_breach), (Warn, Some(true), Boundary::Unknown));
    assert_eq!(of(|g| g.tried.clear()), (Warn, None, Boundary::Limited));
    let no_shares = |g: &mut Gathered| {
        let spec =
            serde_json::json!({"hard": {"pods": "0"}, "scopes": ["CrossNamespacePodAffinity"]});
        healthy::quota(g, "team", &spec);
    };
    assert_eq!(of(no_shares), (Fail, Some(true), Boundary::Guaranteed));
    assert_eq!(
        of(|g| g.budgets = Ok(Vec::new())),
        (Warn, Some(true), Boundary::Guaranteed)
    );
}

/// The command of the first finding of a check that is not well, after a change.
fn command(change: impl FnOnce(&mut Gathered), check: &str) -> String {
    let mut gathered = healthy();
    change(&mut gathered);
    let lines = examine(&gathered);
    let mut ours = lines
        .iter()
        .filter(|l| l.check == check && l.finding.severity != Good);
    let found = ours.find_map(|l| l.finding.command.clone());
    found.unwrap_or_else(|| panic!("{check}\n{}", all(&lines)))
}

#[test]
fn a_command_opens_what_is_closed_and_never_by_a_weaker_tier() {
    let annotate_team = "kubectl annotate --overwrite namespace team slicegate.dev";
    let of = |change: fn(&mut Gathered)| command(change, "closed-namespaces");
    // Whole GPUs serve batch as well, which is weaker.
    assert_eq!(of(whole_alone), format!("{annotate_team}/tier=production"));
    assert_eq!(
        of(|g| annotate(g, 0, "tier", "trusted-inferense")),
        format!("{annotate_team}/tier=trusted-inference")
    );
    assert_eq!(
        of(|g| annotate(g, 0, "allowed-tiers", "$(reboot),production")),
        format!("{annotate_team}/allowed-tiers=production,trusted-inference")
    );
    // Nothing serves it at all.
    let shares_alone =
        "{tiers: [{name: trusted-inference, isolation: limited, strategies: [mps]}]}";
    let closed = |g: &mut Gathered| {
        whole_alone(g);
        healthy::with_policy(g, shares_alone);
    };
    assert_eq!(
        command(closed, "closed-namespaces"),
        format!("{annotate_team}/mode=dry-run")
    );
}

#[test]
fn keys_are_moved_to_where_they_count_and_values_mean_nothing_to_a_shell() {
    assert_eq!(
        command(
            |g| label(g, 1, "slicegate.dev/mode", "enforce"),
            "namespace-keys"
        ),
        "kubectl annotate --overwrite namespace off slicegate.dev/mode=enforce && kubectl label namespace off slicegate.dev/mode-"
    );
    assert_eq!(
        command(|g| annotate(g, 0, "teir", "$(reboot)"), "namespace-keys"),
        "kubectl annotate --overwrite namespace team slicegate.dev/tier='$(reboot)' slicegate.dev/teir-"
    );
}

#[test]
fn nobody_is_told_to_enforce_before_a_rehearsal_with_a_tier_that_is_served() {
    let nobody = |g: &mut Gathered| {
        found(&mut g.namespaces).remove(0);
    };
    assert_eq!(
        command(nobody, "enforced"),
        "kubectl annotate --overwrite namespace NAMESPACE slicegate.dev/mode=dry-run slicegate.dev/tier=production"
    );
    let whole = |g: &mut Gathered| {
        nobody(g);
        whole_alone(g);
    };
    let mut gathered = healthy();
    whole(&mut gathered);
    let lines = examine(&gathered);
    let fix = lines
        .iter()
        .find(|l| l.check == "enforced")
        .and_then(|l| l.finding.fix.clone());
    assert!(fix.is_some_and(|fix| fix.starts_with("nodes hand out nothing that can be shared")));
}

#[test]
fn what_follows_from_a_failure_names_it() {
    let mut gathered = healthy();
    argument(&mut gathered, "--keep-guard");
    own_pod(&mut gathered, &serde_json::json!({}));
    gathered.endpoints = Ok(Vec::new());
    gathered
        .guard
        .iter_mut()
        .for_each(|(_, found)| *found = Ok(Some(Vec::new())));
    let follows = |gathered: &Gathered, check: &str| {
        let lines = examine(gathered);
        let line = lines
            .iter()
            .find(|l| l.check == check && l.finding.severity == Fail);
        line.map(|l| l.follows)
    };
    assert_eq!(follows(&gathered, "deployment"), Some(None));
    assert_eq!(follows(&gathered, "endpoints"), Some(Some("Deployment")));
    assert_eq!(
        follows(&gathered, "guard-objects"),
        Some(Some("Deployment"))
    );
    let message = verdict(&examine(&gathered)).message;
    assert!(message.ends_with("Wrong: Deployment."), "{message}");
    // A guard that nobody keeps is missing for another reason.
    healthy::template(&mut gathered)["containers"][0]["args"]
        .as_array_mut()
        .unwrap()
        .pop();
    assert_eq!(follows(&gathered, "guard-objects"), Some(None));
}

#[test]
fn the_verdict_names_what_is_to_be_looked_at() {
    let message = |change: fn(&mut Gathered)| {
        let mut gathered = healthy();
        change(&mut gathered);
        verdict(&examine(&gathered)).message
    };
    let whole = "slicegate works here; the trust boundary is guaranteed among enforced namespaces";
    for (change, end) in [
        (
            whole_alone as fn(&mut Gathered),
            " but for Uncovered pods. Wrong: Closed namespaces.",
        ),
        (
            |g| g.budgets = Ok(Vec::new()),
            ". To look at: Availability.",
        ),
        (
            |g| found(&mut g.version)["minor"] = "33".into(),
            " but for Forged receipts.",
        ),
    ] {
        assert_eq!(message(change), format!("{whole}{end}"));
    }
    let absent = message(healthy::absent);
    assert!(
        absent.starts_with("slicegate is not installed in slicegate-system"),
        "{absent}"
    );
}

#[test]
fn of_what_is_not_installed_little_is_said() {
    let mut gathered = healthy();
    healthy::absent(&mut gathered);
    let lines = examine(&gathered);
    let checks: Vec<&str> = lines.iter().map(|l| l.check).collect();
    assert_eq!(checks, super::checks::WITHOUT);
}

#[test]
fn who_may_see_nothing_is_blind_and_who_may_see_some_is_not() {
    assert_eq!(grant(&healthy(), &examine(&healthy())), None);
    let refused = |what: &str| Unseen {
        is_refused: true,
        ..Unseen::unasked(what)
    };
    let mut gathered = healthy();
    gathered.nodes = Err(refused("nodes"));
    let some = grant(&gathered, &examine(&gathered)).unwrap();
    assert!(
        !some.is_blind && some.refused > 3 && some.refused < some.checks,
        "{some:?}"
    );
    assert_eq!(
        some.command,
        "kubectl create clusterrolebinding slicegate-doctor-alice --clusterrole=slicegate-doctor --user=alice"
    );
    let mut gathered = nothing("slicegate-system");
    gathered.namespaces = Err(refused("namespaces"));
    assert!(grant(&gathered, &examine(&gathered)).unwrap().is_blind);
}

#[test]
fn every_chapter_that_is_named_is_there() {
    let text = include_str!("../../../docs/troubleshooting.md");
    for group in Group::ALL {
        let (file, anchor) = group.chapter().split_once('#').unwrap();
        assert_eq!(file, "docs/troubleshooting.md");
        let heading = |line: &str| {
            line.trim_start_matches('#')
                .trim()
                .to_lowercase()
                .replace(' ', "-")
        };
        assert!(
            text.lines()
                .any(|l| l.starts_with("## ") && heading(l) == anchor),
            "{anchor}"
        );
    }
}
