//! The namespaces whose pods the API server never sends to slicegate, because a cluster has to start without it.

use std::str::FromStr;

use thiserror::Error;

use crate::engine::vocabulary::names::{EXCLUDED_NAMESPACES, is_dns_label};

/// Names of namespaces; never empty, none twice.
///
/// An installation has one such list for webhook, guard and previews. A given list is complete: nothing is added to
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcludedNamespaces(Vec<String>);

/// Why a text is no list of namespaces.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExcludedNamespacesError {
    /// It has no name.
    #[error(
        "no namespace is named; name at least the one slicegate runs in, such as {}",
        EXCLUDED_NAMESPACES[1]
    )]
    Empty,
    /// An entry is no valid name of a namespace.
    #[error(
        "{0:?} cannot be a namespace; write lower-case letters, digits and inner hyphens, at most 63, \
         and commas between names"
    )]
    InvalidName(String),
}

impl ExcludedNamespaces {
    /// The default list of an installation in namespace `own`.
    pub fn of_installation(own: &str) -> Self {
        let [system, _, operator] = EXCLUDED_NAMESPACES;
        Self([system, own, operator].map(str::to_owned).into())
    }

    /// Whether a namespace is in the list.
    pub fn contains(&self, namespace: &str) -> bool {
        self.0.iter().any(|name| name == namespace)
    }

    /// The names in the given order.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

impl Default for ExcludedNamespaces {
    /// The list of an installation without `--never-match`.
    fn default() -> Self {
        Self(EXCLUDED_NAMESPACES.map(str::to_owned).into())
    }
}

impl FromStr for ExcludedNamespaces {
    type Err = ExcludedNamespacesError;

    /// Reads names with commas between them.
    fn from_str(text: &str) -> Result<Self, ExcludedNamespacesError> {
        let mut names: Vec<String> = Vec::new();
        for name in text.split(',').map(str::trim).filter(|n| !n.is_empty()) {
            if !is_dns_label(name) {
                return Err(ExcludedNamespacesError::InvalidName(name.to_owned()));
            }
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        if names.is_empty() {
            return Err(ExcludedNamespacesError::Empty);
        }
        Ok(Self(names))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use super::{ExcludedNamespaces, ExcludedNamespacesError};
    use crate::config::{fleet, policy};
    use crate::engine::vocabulary::names::EXCLUDED_NAMESPACES;
    use crate::engine::{
        ClusterState, Mode, NamespaceView, Namespaces, Outcome, decide, unmanaged, update,
    };
    use crate::facts::Pod;

    #[test]
    fn what_nobody_chose_is_the_constant() {
        assert_eq!(ExcludedNamespaces::default().names(), EXCLUDED_NAMESPACES);
        let elsewhere = ExcludedNamespaces::of_installation("gpus");
        assert_eq!(elsewhere.names(), ["kube-system", "gpus", "gpu-operator"]);
        assert!(!elsewhere.contains("slicegate-system"));
        let here = ExcludedNamespaces::of_installation("slicegate-system");
        assert_eq!(here, ExcludedNamespaces::default());
    }

    #[test]
    fn names_stand_between_commas() {
        let read = |text: &str| text.parse::<ExcludedNamespaces>();
        let list = read(" kube-system,,gpus , kube-system,").unwrap();
        assert_eq!(list.names(), ["kube-system", "gpus"]);
        assert!(list.contains("gpus") && !list.contains("gpu"));
        for text in ["", " ", ",,"] {
            assert_eq!(read(text), Err(ExcludedNamespacesError::Empty), "{text:?}");
        }
        for name in ["Kube-System", "a.b", "a b", "-a", &"a".repeat(64)] {
            let refused = read(&format!("kube-system,{name}"));
            assert_eq!(
                refused,
                Err(ExcludedNamespacesError::InvalidName(name.to_owned()))
            );
        }
    }
    /// A GPU pod with a forged label.
    const FORGED: &str = r#"{"metadata":{"labels":{"slicegate.dev/strategy":"mps"}},
        "spec":{"containers":[{"name":"main","resources":{"limits":{"nvidia.com/gpu":"1"}}}]}}"#;

    #[test]
    fn every_judgement_leaves_them_alone_and_judges_the_others() {
        let policy = Arc::new(policy::built_in().unwrap());
        let supply = Arc::new(fleet::assumed(&policy).unwrap());
        let pod: Pod<'_> = serde_json::from_str(FORGED).unwrap();
        let view = || NamespaceView {
            mode: Some("enforce".to_owned()),
            ..NamespaceView::default()
        };
        let all = ["kube-system", "slicegate-system", "gpu-operator", "gpus"];
        let views = || HashMap::from(all.map(|name| (name.to_owned(), view())));
        let chosen: ExcludedNamespaces = "kube-system,gpus".parse().unwrap();
        for (excluded, spared) in [
            (ExcludedNamespaces::default(), &all[..3]),
            (chosen, &["kube-system", "gpus"]),
        ] {
            for known in [Namespaces::known(views()), Namespaces::assumed([].into())] {
                let namespaces = known.with_excluded_namespaces(excluded.clone());
                let state = ClusterState::new(Arc::clone(&policy), Arc::clone(&supply), namespaces);
                for namespace in all {
                    let input = state.input(namespace, &pod);
                    let denied = !spared.contains(&namespace);
                    let outcomes = [
                        decide(&input).outcome,
                        unmanaged(&input, Mode::Off).outcome,
                        update(&input, None, Mode::Off).outcome,
                    ];
                    let expected = if denied {
                        Outcome::Denied
                    } else {
                        Outcome::Untouched
                    };
                    assert_eq!(outcomes, [expected; 3], "{namespace} of {excluded:?}");
                    let (mode, _) = state.namespaces.mode(namespace, &policy);
                    assert_eq!(mode == Mode::Off, !denied, "{namespace} of {excluded:?}");
                }
            }
        }
    }
}
