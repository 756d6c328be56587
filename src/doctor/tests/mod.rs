//! What each check says of a healthy installation, and when one thing is changed in it.

mod cluster;
mod healthy;
mod installation;

use super::Severity::{self, Fail, Ok as Good, Warn};
use super::{Boundary, Gathered, Group, Line, Unseen, examine, verdict};
use cluster::{BOUNDARY, GUARD, POLICY, SUPPLY};
use healthy::{found, healthy};
use installation::INSTALLATION;

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
    let lines = examine(&Gathered::nothing("slicegate-system"));
    for line in &lines {
        assert_eq!(line.finding.severity, Severity::Warn, "{line:?}");
        assert!(line.finding.message.starts_with("not "), "{line:?}");
        assert!(line.finding.fix.is_some(), "{line:?}");
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
        .map(|c| c.id)
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
