//! Reads everything from the API server that the checks look at. What it refuses becomes part of the answer; if it does
//! not answer at all, that is an error.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::cluster::{Cluster, ClusterError, DryRun, DryRunResult, Kind, ObjectRef};
use crate::controllers::SHARING_POLICIES;
use crate::doctor::{
    self, Clocks, Gathered, Observation, ProbeAnswer, ProbeResult, Right, Settings, Unseen,
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
/// The user as the cluster calls them; every user may create this.
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
const GUARD: [Kind; 4] = [
    Kind::VALIDATING_POLICIES,
    Kind::VALIDATING_BINDINGS,
    Kind::MUTATING_POLICIES,
    Kind::MUTATING_BINDINGS,
];

const NAME: &str = "slicegate";

/// Reads all of it.
///
/// # Errors
/// If the API server does not answer.
pub(super) async fn all(
    cluster: &Cluster,
    namespace: &str,
    policy_file: Option<(String, String)>,
) -> anyhow::Result<Gathered> {
    let reader = Reader { cluster };
    // First, since an API server that does not answer this answers nothing.
    let clocks = reader.clocks().await?;
    let version = reader.version().await?;
    let user = reader.user().await?;
    let own_namespace = reader.get(Kind::NAMESPACES.named(namespace)).await?;
    let deployment = reader.get(DEPLOYMENTS.within(namespace, NAME)).await?;
    let service = reader.get(SERVICES.within(namespace, NAME)).await?;
    let settings = deployment.as_ref().ok().and_then(Option::as_ref);
    let settings = settings.map(Settings::of);
    let settings = settings.as_ref();
    let mut gathered = Gathered {
        namespace: namespace.to_owned(),
        user,
        policy_file,
        version,
        clocks,
        own_namespace,
        service,
        endpoints: reader.list_in(SLICES, namespace).await?,
        budgets: reader.list_in(BUDGETS, namespace).await?,
        secret: match settings.and_then(Settings::secret) {
            Some(name) => reader.get(SECRETS.within(namespace, name)).await?,
            None => Ok(None),
        },
        policy_map: match settings.and_then(|s| s.config_map("policy")) {
            Some((name, _)) => {
                reader
                    .get(Kind::CONFIG_MAPS.within(namespace, name))
                    .await?
            }
            None => Ok(None),
        },
        deployment,
        guard: Vec::new(),
        mutating: reader.list(Kind::MUTATING_WEBHOOKS).await?,
        validating: reader.list(Kind::VALIDATING_WEBHOOKS).await?,
        policies: reader.list_if_served(SHARING_POLICIES).await?,
        namespaces: reader.list(Kind::NAMESPACES).await?,
        quotas: reader.list(Kind::QUOTAS).await?,
        nodes: reader.list(Kind::NODES).await?,
        runtime_classes: reader.list(Kind::RUNTIME_CLASSES).await?,
        pods: reader.list(Kind::PODS).await?,
        rights: Vec::new(),
        tried: Vec::new(),
    };
    for kind in GUARD {
        let policies = reader.list_if_served(kind).await?;
        gathered.guard.push((kind.name, policies));
    }
    if let Some(settings) = settings {
        gathered.rights = reader.rights(&gathered, &settings.account).await?;
    }
    gathered.tried = reader.probes(&gathered).await?;
    Ok(gathered)
}

/// What was read; an error if the API server does not answer.
type Answer<T> = Result<Observation<T>, ClusterError>;

struct Reader<'c> {
    cluster: &'c Cluster,
}

impl Reader<'_> {
    /// What an answer without the object means.
    fn found<T>(&self, answer: Result<T, ClusterError>) -> Answer<T> {
        let error = match answer {
            Ok(found) => return Ok(Ok(found)),
            Err(error) if error.is_answered() => error,
            Err(error) => return Err(error),
        };
        let is_refused = error.is_forbidden();
        let fix = if is_refused {
            "give yourself the ClusterRole slicegate-doctor (webhook-config/60-doctor-role.yaml)"
        } else {
            "see what the API server says, and try again"
        };
        Ok(Err(Unseen {
            is_refused,
            ..Unseen::new(error.brief(), fix)
        }))
    }

    async fn clocks(&self) -> Answer<Clocks> {
        let before = now();
        let clock = self.cluster.clock().await;
        let here = before + (now() - before) / 2;
        Ok(self.found(clock)?.and_then(|server| match server {
            Some(server) => Ok(Clocks { server, here }),
            None => Err(Unseen::new(
                "the API server's answers bear no date",
                "compare its clock by hand",
            )),
        }))
    }

    async fn version(&self) -> Answer<Value> {
        let read = self.cluster.read("/version", || "read /version".to_owned());
        let found = self.found(read.await)?;
        Ok(found.and_then(|text| object(text.as_deref().unwrap_or("null"))))
    }

    async fn user(&self) -> Answer<String> {
        let review = r#"{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}"#;
        let review = self.review(SELF.named("who asks"), review.to_owned());
        Ok(review.await?.and_then(|review| {
            let name = review["status"]["userInfo"]["username"].as_str();
            name.map(str::to_owned)
                .ok_or_else(|| Unseen::unasked("who asks"))
        }))
    }

    /// The API server's answer to a review.
    async fn review(&self, place: ObjectRef<'_>, review: String) -> Answer<Value> {
        let answer = self.cluster.create(place, review, DryRun::No).await;
        Ok(self.found(answer)?.and_then(|text| object(&text)))
    }

    async fn get(&self, place: ObjectRef<'_>) -> Answer<Option<Value>> {
        let found = self.found(self.cluster.get(place).await)?;
        Ok(found.and_then(|text| text.as_deref().map(object).transpose()))
    }

    async fn list_in(&self, kind: Kind, namespace: &str) -> Answer<Vec<Value>> {
        let pages = self.found(self.cluster.list_in(kind, namespace).await)?;
        Ok(pages.and_then(|pages| items(kind, &pages)))
    }

    async fn list(&self, kind: Kind) -> Answer<Vec<Value>> {
        let list = self.list_if_served(kind).await?;
        Ok(list.map(Option::unwrap_or_default))
    }

    /// All objects of a kind; none if the API server does not serve the kind.
    async fn list_if_served(&self, kind: Kind) -> Answer<Option<Vec<Value>>> {
        let pages = match self.cluster.list(kind).await {
            Err(error) if error.is_not_found() => return Ok(Ok(None)),
            pages => self.found(pages)?,
        };
        Ok(pages.and_then(|pages| items(kind, &pages).map(Some)))
    }

    async fn rights(
        &self,
        gathered: &Gathered,
        account: &str,
    ) -> Result<Vec<(Right, Observation<bool>)>, ClusterError> {
        let mut rights = Vec::new();
        for right in doctor::rights(gathered) {
            let review = right.question(account, &gathered.namespace).to_string();
            let review = self.review(REVIEWS.named("the rights of slicegate"), review);
            let is_allowed = review
                .await?
                .map(|review| review["status"]["allowed"] == true);
            let is_unseen = is_allowed.is_err();
            rights.push((right, is_allowed));
            // A user who may not ask once may not ask at all.
            if is_unseen {
                break;
            }
        }
        Ok(rights)
    }

    /// Tries pods, for each aim until an answer shows something.
    async fn probes(&self, gathered: &Gathered) -> Result<Vec<ProbeResult>, ClusterError> {
        let mut tried: Vec<ProbeResult> = Vec::new();
        for probe in doctor::probes(gathered) {
            let is_shown = |t: &ProbeResult| t.probe.aim == probe.aim && t.is_telling();
            if tried.iter().any(is_shown) {
                continue;
            }
            let pod = probe.pod.to_string();
            let created = self
                .cluster
                .dry_run_create(Kind::PODS, &probe.namespace, pod);
            let answer = match created.await? {
                DryRunResult::Accepted(warnings) => ProbeAnswer::Taken(warnings),
                DryRunResult::Refused(_, message) => ProbeAnswer::Refused(message),
            };
            tried.push(ProbeResult { probe, answer });
        }
        Ok(tried)
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

fn object(text: &str) -> Observation<Value> {
    serde_json::from_str(text)
        .map_err(|problem| Unseen::unusable(format!("what came back is no object: {problem}")))
}

/// The objects of pages. Each gets its kind, which lists leave out.
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
