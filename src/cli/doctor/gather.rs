//! Asks the API server for everything the checks look at. What it refuses to say becomes part of the answer; that it
//! does not answer at all is an error.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::cluster::{Cluster, ClusterError, DryRun, DryRunResult, Kind};
use crate::controllers::SHARING_POLICIES;
use crate::doctor::{
    self, Clocks, Gathered, Observation, ProbeAnswer, ProbeResult, Settings, Unseen,
};

const SERVICES: Kind = Kind::new("", "v1", "Service", "services");
const SECRETS: Kind = Kind::new("", "v1", "Secret", "secrets");
const DEPLOYMENTS: Kind = Kind::new("apps", "v1", "Deployment", "deployments");
const BUDGETS: Kind = Kind::new(
    "policy",
    "v1",
    "PodDisruptionBudget",
    "poddisruptionbudgets",
);
const SLICES: Kind = Kind::new("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices");
/// Who asks, as the cluster calls it; anybody who is logged in may ask that.
const SELF: Kind = Kind::new(
    "authentication.k8s.io",
    "v1",
    "SelfSubjectReview",
    "selfsubjectreviews",
);
const REVIEWS: Kind = Kind::new(
    "authorization.k8s.io",
    "v1",
    "SubjectAccessReview",
    "subjectaccessreviews",
);
/// What the guard is made of.
const GUARD: [Kind; 4] = [
    Kind::VALIDATING_POLICIES,
    Kind::VALIDATING_BINDINGS,
    Kind::MUTATING_POLICIES,
    Kind::MUTATING_BINDINGS,
];

/// What slicegate's objects are called.
const NAME: &str = "slicegate";

/// Asks for all of it.
///
/// # Errors
/// When the API server cannot be asked.
pub(super) async fn all(
    cluster: &Cluster,
    namespace: &str,
    policy_file: Option<(String, String)>,
) -> anyhow::Result<Gathered> {
    let asker = Asker { cluster };
    let mut gathered = Gathered::nothing(namespace);
    gathered.policy_file = policy_file;
    // First: whoever does not answer this answers nothing.
    gathered.clocks = asker.clocks().await?;
    gathered.version = asker.version().await?;
    gathered.user = asker.user().await?;
    asker.installation(&mut gathered).await?;
    for kind in GUARD {
        let found = asker.list(kind).await?;
        gathered.guard.push((kind.name, found));
    }
    gathered.mutating = certain(asker.list(Kind::MUTATING_WEBHOOKS).await?);
    gathered.validating = certain(asker.list(Kind::VALIDATING_WEBHOOKS).await?);
    gathered.policies = asker.list(SHARING_POLICIES).await?;
    gathered.namespaces = certain(asker.list(Kind::NAMESPACES).await?);
    gathered.quotas = certain(asker.list(Kind::QUOTAS).await?);
    gathered.nodes = certain(asker.list(Kind::NODES).await?);
    gathered.runtime_classes = certain(asker.list(Kind::RUNTIME_CLASSES).await?);
    gathered.pods = certain(asker.list(Kind::PODS).await?);
    asker.rights(&mut gathered).await?;
    asker.probes(&mut gathered).await?;
    Ok(gathered)
}

/// A kind that every API server knows.
fn certain(found: Observation<Option<Vec<Value>>>) -> Observation<Vec<Value>> {
    found.map(Option::unwrap_or_default)
}

struct Asker<'c> {
    cluster: &'c Cluster,
}

impl Asker<'_> {
    /// What an answer that is no object means.
    fn unseen(&self, error: ClusterError) -> Result<Unseen, ClusterError> {
        if !error.is_answered() {
            return Err(error);
        }
        let is_refused = error.is_forbidden();
        let fix = if is_refused {
            "give yourself the ClusterRole slicegate-doctor (webhook-config/60-doctor-role.yaml)"
        } else {
            "see what the API server says, and try again"
        };
        Ok(Unseen {
            problem: error.brief(),
            fix: fix.to_owned(),
            is_refused,
        })
    }

    fn found<T>(&self, answer: Result<T, ClusterError>) -> Result<Observation<T>, ClusterError> {
        Ok(match answer {
            Ok(found) => Ok(found),
            Err(error) => Err(self.unseen(error)?),
        })
    }

    async fn clocks(&self) -> Result<Observation<Clocks>, ClusterError> {
        let before = now();
        let clock = self.cluster.clock().await;
        let here = before + (now() - before) / 2;
        let found = self.found(clock)?;
        Ok(found.and_then(|server| match server {
            Some(server) => Ok(Clocks { server, here }),
            None => Err(Unseen {
                problem: "the API server's answers bear no date".to_owned(),
                fix: "compare its clock by hand".to_owned(),
                is_refused: false,
            }),
        }))
    }

    async fn version(&self) -> Result<Observation<Value>, ClusterError> {
        let read = self.cluster.read("/version", || "read /version".to_owned());
        let found = self.found(read.await)?;
        Ok(found.and_then(|text| object(text.as_deref().unwrap_or("null"))))
    }

    async fn user(&self) -> Result<Observation<String>, ClusterError> {
        let question = r#"{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}"#;
        let place = SELF.named("who asks");
        let answer = self.cluster.create(place, question.to_owned(), DryRun::No);
        let found = self.found(answer.await)?.and_then(|text| object(&text));
        Ok(found.and_then(|review| {
            let name = review["status"]["userInfo"]["username"].as_str();
            name.map(str::to_owned)
                .ok_or_else(|| Unseen::unasked("who asks"))
        }))
    }

    /// What is in slicegate's own namespace.
    async fn installation(&self, gathered: &mut Gathered) -> Result<(), ClusterError> {
        let namespace = gathered.namespace.clone();
        let own = namespace.as_str();
        gathered.own_namespace = self.get(Kind::NAMESPACES, None, own).await?;
        gathered.deployment = self.get(DEPLOYMENTS, Some(own), NAME).await?;
        gathered.service = self.get(SERVICES, Some(own), NAME).await?;
        gathered.endpoints = self.list_of(SLICES, own).await?;
        gathered.budgets = self.list_of(BUDGETS, own).await?;
        if let Ok(Some(deployment)) = &gathered.deployment {
            let settings = Settings::of(deployment);
            if let Some(name) = settings.secret() {
                gathered.secret = self.get(SECRETS, Some(own), name).await?;
            }
            if let Some((name, _)) = settings.policy_map() {
                gathered.policy_map = self.get(Kind::CONFIG_MAPS, Some(own), name).await?;
            }
        }
        Ok(())
    }

    async fn get(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Observation<Option<Value>>, ClusterError> {
        let place = match namespace {
            Some(namespace) => kind.within(namespace, name),
            None => kind.named(name),
        };
        let found = self.found(self.cluster.get(place).await)?;
        Ok(found.and_then(|text| text.as_deref().map(object).transpose()))
    }

    /// All objects of a kind; none where there is no such kind.
    async fn list(&self, kind: Kind) -> Result<Observation<Option<Vec<Value>>>, ClusterError> {
        match self.cluster.list(kind).await {
            Err(error) if error.is_not_found() => Ok(Ok(None)),
            answer => Ok(self
                .found(answer)?
                .and_then(|pages| items(kind, &pages))
                .map(Some)),
        }
    }

    async fn list_of(
        &self,
        kind: Kind,
        namespace: &str,
    ) -> Result<Observation<Vec<Value>>, ClusterError> {
        let answer = self.cluster.list_in(kind, namespace).await;
        Ok(self.found(answer)?.and_then(|pages| items(kind, &pages)))
    }

    async fn rights(&self, gathered: &mut Gathered) -> Result<(), ClusterError> {
        let account = match &gathered.deployment {
            Ok(Some(deployment)) => Settings::of(deployment).account,
            _ => return Ok(()),
        };
        for right in doctor::rights(gathered) {
            let question = right.question(&account, &gathered.namespace).to_string();
            let place = REVIEWS.named("the rights of slicegate");
            let answer = self.cluster.create(place, question, DryRun::No).await;
            let found = self.found(answer)?.and_then(|text| object(&text));
            let may = found.map(|review| review["status"]["allowed"] == true);
            let is_unseen = may.is_err();
            gathered.rights.push((right, may));
            // Who may not ask once may not ask at all.
            if is_unseen {
                break;
            }
        }
        Ok(())
    }

    /// Tries pods, for each aim until somebody says something.
    async fn probes(&self, gathered: &mut Gathered) -> Result<(), ClusterError> {
        for probe in doctor::probes(gathered) {
            if gathered
                .tried
                .iter()
                .any(|t| t.probe.aim == probe.aim && t.is_telling())
            {
                continue;
            }
            let pod = probe.pod.to_string();
            let created = self
                .cluster
                .dry_run_create(Kind::PODS, &probe.namespace, pod);
            let answer = match created.await? {
                DryRunResult::Accepted(warnings) => ProbeAnswer::Taken(warnings),
                DryRunResult::Refused(_, words) => ProbeAnswer::Refused(words),
            };
            gathered.tried.push(ProbeResult { probe, answer });
        }
        Ok(())
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

fn object(text: &str) -> Observation<Value> {
    serde_json::from_str(text).map_err(|problem| Unseen {
        problem: format!("what came back is no object: {problem}"),
        fix: "see whether something else than an API server answers there".to_owned(),
        is_refused: false,
    })
}

/// The objects of pages, each with its kind, which lists leave out.
fn items(kind: Kind, pages: &[String]) -> Observation<Vec<Value>> {
    let version = match kind.group {
        "" => kind.version.to_owned(),
        group => format!("{group}/{}", kind.version),
    };
    let mut all = Vec::new();
    for page in pages {
        let mut page = object(page)?;
        let Some(Value::Array(items)) = page.get_mut("items").map(Value::take) else {
            continue;
        };
        all.extend(items.into_iter().map(|mut item| {
            item["apiVersion"] = version.as_str().into();
            item["kind"] = kind.name.into();
            item
        }));
    }
    Ok(all)
}
