//! What a user is to be granted who may not see everything: one command, whatever was refused.

use std::collections::BTreeSet;

use super::alike::quoted_for_a_shell;
use super::finding::{Line, Sight};
use super::gathered::Gathered;

/// What who asks is to be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// As the cluster calls it; none where it does not say.
    pub user: Option<String>,
    /// How many checks were refused.
    pub refused: usize,
    /// Of how many.
    pub checks: usize,
    /// Whether nothing at all could be seen, so that nothing is known to be well.
    pub is_blind: bool,
    /// What an administrator runs.
    pub command: String,
}

/// What everybody may see.
const FOR_ANYBODY: [&str; 2] = ["api-server", "clock"];

pub(super) fn of(gathered: &Gathered, lines: &[Line]) -> Option<Grant> {
    let checks: BTreeSet<&str> = lines.iter().map(|line| line.check).collect();
    let refused = lines
        .iter()
        .filter(|line| line.finding.sight == Sight::Refused);
    let refused: BTreeSet<&str> = refused.map(|line| line.check).collect();
    if refused.is_empty() {
        return None;
    }
    let mut others = lines
        .iter()
        .filter(|line| !FOR_ANYBODY.contains(&line.check));
    let user = gathered.user.as_ref().ok();
    Some(Grant {
        user: user.cloned(),
        refused: refused.len(),
        checks: checks.len(),
        is_blind: others.all(|line| line.finding.sight != Sight::Seen),
        command: format!(
            "kubectl create clusterrolebinding slicegate-doctor-{} --clusterrole=slicegate-doctor {}",
            bound(user.map_or("USER", |user| user)),
            subject(gathered)
        ),
    })
}

/// The flag of kubectl that names who asks.
pub(super) fn subject(gathered: &Gathered) -> String {
    let user = gathered.user.as_ref().map_or("USER", |user| user);
    match user.strip_prefix("system:serviceaccount:") {
        Some(account) => format!("--serviceaccount={}", quoted_for_a_shell(account)),
        None => format!("--user={}", quoted_for_a_shell(user)),
    }
}

/// A part of a binding's name.
fn bound(user: &str) -> String {
    let last = user.rsplit([':', '/']).next().unwrap_or(user);
    let kept = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = last.chars().take(40).map(kept).collect();
    let name = name.trim_matches('-');
    if name.is_empty() {
        "user".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Gathered;
    use super::{bound, subject};

    #[test]
    fn a_subject_is_a_user_or_a_service_account() {
        let mut gathered = Gathered::nothing("slicegate-system");
        for (user, flag, name) in [
            ("alice", "--user=alice", "alice"),
            (
                "oidc:Alice Doe@x.org",
                "--user='oidc:Alice Doe@x.org'",
                "alice-doe-x-org",
            ),
            (
                "system:serviceaccount:ci:bot",
                "--serviceaccount=ci:bot",
                "bot",
            ),
            ("***", "--user='***'", "user"),
        ] {
            gathered.user = Ok(user.to_owned());
            assert_eq!(
                (subject(&gathered).as_str(), bound(user).as_str()),
                (flag, name)
            );
        }
    }
}
