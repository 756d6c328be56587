//! The one command that grants a user what doctor was refused.

use std::collections::BTreeSet;

use super::finding::{Line, Sight};
use super::gathered::Gathered;
use super::text::quoted_for_a_shell;

/// What the user has to be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// As the cluster calls them; none if it does not say.
    pub user: Option<String>,
    /// How many checks were refused.
    pub refused: usize,
    /// How many checks there are.
    pub checks: usize,
    /// Nothing at all could be seen, so nothing is known to be well.
    pub is_blind: bool,
    /// The command for an administrator.
    pub command: String,
}

/// Checks of what every user may see.
const FOR_ANYBODY: [&str; 2] = ["api-server", "clock"];

/// What the user has to be granted to see what was refused; none if nothing was.
pub fn grant(gathered: &Gathered, lines: &[Line]) -> Option<Grant> {
    let checks: BTreeSet<&str> = lines.iter().map(|line| line.check).collect();
    let refused = lines
        .iter()
        .filter(|line| line.finding.sight == Sight::Refused);
    let refused: BTreeSet<&str> = refused.map(|line| line.check).collect();
    if refused.is_empty() {
        return None;
    }
    let is_seen =
        |line: &Line| line.finding.sight == Sight::Seen && !FOR_ANYBODY.contains(&line.check);
    let user = gathered.user.as_deref();
    Some(Grant {
        user: user.ok().map(str::to_owned),
        refused: refused.len(),
        checks: checks.len(),
        is_blind: !lines.iter().any(is_seen),
        command: format!(
            "kubectl create clusterrolebinding slicegate-doctor-{} --clusterrole=slicegate-doctor {}",
            binding_name(user.unwrap_or("USER")),
            subject(gathered)
        ),
    })
}

/// The flag of kubectl that names the user.
pub(super) fn subject(gathered: &Gathered) -> String {
    let user = gathered.user.as_deref().unwrap_or("USER");
    match user.strip_prefix("system:serviceaccount:") {
        Some(account) => format!("--serviceaccount={}", quoted_for_a_shell(account)),
        None => format!("--user={}", quoted_for_a_shell(user)),
    }
}

/// The user in the name of a binding.
fn binding_name(user: &str) -> String {
    let last = user.rsplit([':', '/']).next().unwrap_or(user).chars();
    let last = last.take(40).map(|c| c.to_ascii_lowercase());
    let name: String = last
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    match name.trim_matches('-') {
        "" => "user".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{binding_name, subject};
    use crate::doctor::tests::nothing;

    #[test]
    fn a_subject_is_a_user_or_a_service_account() {
        let mut gathered = nothing("slicegate-system");
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
                (subject(&gathered).as_str(), binding_name(user).as_str()),
                (flag, name)
            );
        }
    }
}
