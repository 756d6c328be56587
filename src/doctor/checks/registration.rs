//! Whether the API server is told to ask slicegate, as this version would have it told.

use serde_json::Value;

use super::deployment::named;
use crate::cel::guard::says;
use crate::doctor::alike::{name, some};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::{Unseen, seen};
use crate::manifests::{self, CaBundleSource};

/// What everything of slicegate's is called.
pub(super) const OURS: &str = "slicegate";

/// From here on forged receipts are taken away before anybody looks at them.
const STRIPS_RECEIPTS: u32 = 36;

/// Which of the two webhooks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Mutating,
    Validating,
}

impl Kind {
    const fn object(self) -> &'static str {
        match self {
            Self::Mutating => "MutatingWebhookConfiguration",
            Self::Validating => "ValidatingWebhookConfiguration",
        }
    }

    const fn webhook(self) -> &'static str {
        match self {
            Self::Mutating => "mutate.slicegate.dev",
            Self::Validating => "validate.slicegate.dev",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Mutating => "/mutate",
            Self::Validating => "/validate",
        }
    }

    fn all<'s>(self, assessment: &'s Assessment<'_>) -> Result<&'s [Value], Unseen> {
        let all = match self {
            Self::Mutating => &assessment.gathered.mutating,
            Self::Validating => &assessment.gathered.validating,
        };
        Ok(seen(all)?)
    }

    /// Our webhook there.
    fn found<'s>(self, assessment: &'s Assessment<'_>) -> Result<Option<&'s Value>, Unseen> {
        let Some(ours) = named(self.all(assessment)?, OURS) else {
            return Ok(None);
        };
        let mut webhooks = ours["webhooks"].as_array().into_iter().flatten();
        Ok(webhooks.find(|w| w["name"] == self.webhook()))
    }

    /// How it is called.
    pub(super) fn client<'s>(
        self,
        assessment: &'s Assessment<'_>,
    ) -> Result<Option<&'s Value>, Unseen> {
        Ok(self
            .found(assessment)?
            .map(|webhook| &webhook["clientConfig"]))
    }

    /// As this version would register it.
    fn wanted(self, assessment: &Assessment<'_>) -> Value {
        let trust = CaBundleSource::CertManager(OURS);
        let mut object = match self {
            Self::Mutating => {
                manifests::mutating_webhook(assessment.service(), trust, &assessment.never)
            }
            Self::Validating => {
                manifests::validating_webhook(assessment.service(), trust, &assessment.never)
            }
        };
        object["webhooks"][0].take()
    }
}

pub(super) fn mutating(assessment: &Assessment<'_>) -> Findings {
    registered(assessment, Kind::Mutating)
}

pub(super) fn validating(assessment: &Assessment<'_>) -> Findings {
    registered(assessment, Kind::Validating)
}

/// How a registration becomes that of this version.
struct Again {
    fix: &'static str,
    command: Option<String>,
}

impl Again {
    fn of(kind: Kind, found: Option<&Value>) -> Self {
        // The shipped file calls the Service, and the API server takes no registration that calls both.
        if found.is_some_and(|webhook| webhook["clientConfig"]["url"].is_string()) {
            return Self {
                fix: "apply the registration of this version again by helm upgrade, which keeps the chart's webhook.url",
                command: None,
            };
        }
        let word = match kind {
            Kind::Mutating => "mutating",
            Kind::Validating => "validating",
        };
        Self {
            fix: "apply the registration of this version again: helm upgrade, or the file below",
            command: Some(format!(
                "kubectl apply -f webhook-config/{word}-webhook.yaml"
            )),
        }
    }

    /// A finding that it mends.
    fn mends(
        &self,
        found: fn(String, &'static str) -> Finding,
        message: impl Into<String>,
    ) -> Finding {
        let finding = found(message.into(), self.fix);
        match &self.command {
            Some(command) => finding.run(command.clone()),
            None => finding,
        }
    }
}

fn registered(assessment: &Assessment<'_>, kind: Kind) -> Findings {
    let Some(found) = kind.found(assessment)? else {
        let message = format!(
            "the API server is not told to ask: there is no {} {OURS} with the webhook {}",
            kind.object(),
            kind.webhook()
        );
        return Ok(vec![Again::of(kind, None).mends(Finding::fail, message)]);
    };
    let wanted = kind.wanted(assessment);
    let again = Again::of(kind, Some(found));
    let mut findings = Vec::new();
    findings.extend(target(
        assessment,
        kind,
        &found["clientConfig"],
        &wanted["clientConfig"],
    ));
    for (field, what) in [
        ("rules", "it is asked about other requests"),
        ("matchConditions", "it is asked about other pods"),
    ] {
        if !says(&found[field], &wanted[field]) {
            let message = format!("{field} are not those of this version, so {what}");
            findings.push(again.mends(Finding::fail, message));
        }
    }
    findings.extend(selectors(assessment, found, &again));
    findings.extend(failure(assessment, found));
    if kind == Kind::Mutating && found["reinvocationPolicy"] != "IfNeeded" {
        let message =
            "reinvocationPolicy is not IfNeeded: what later webhooks add stays incomplete";
        findings.push(again.mends(Finding::warn, message));
    }
    if findings.is_empty() {
        let to = found["clientConfig"]["url"]
            .as_str()
            .unwrap_or("its Service");
        let policy = found["failurePolicy"].as_str().unwrap_or("Fail");
        findings.push(Finding::ok(format!(
            "calls {to}, as this version would have it, failurePolicy {policy}"
        )));
    }
    Ok(findings)
}

/// Whom it calls.
fn target(
    assessment: &Assessment<'_>,
    kind: Kind,
    found: &Value,
    wanted: &Value,
) -> Option<Finding> {
    if let Some(url) = found["url"].as_str() {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        return (!path.ends_with(kind.path())).then(|| {
            let message = format!("it calls {url}, which does not end in {}", kind.path());
            Finding::fail(message, "correct clientConfig.url")
        });
    }
    let said = |service: &Value| {
        let word = |key: &str| service[key].as_str().unwrap_or_default().to_owned();
        format!("{}.{}{}", word("name"), word("namespace"), word("path"))
    };
    let service = &found["service"];
    (!says(service, &wanted["service"])).then(|| {
        let message = format!(
            "it calls {}, not {}",
            said(service),
            said(&wanted["service"])
        );
        let fix = format!(
            "apply the registration again; if slicegate runs in another namespace than {}, name it \
             with --namespace",
            assessment.gathered.namespace
        );
        let finding = Finding::fail(message, fix);
        match Again::of(kind, None).command {
            Some(command) => finding.run(command),
            None => finding,
        }
    })
}

/// Which namespaces and objects it is asked about.
fn selectors(assessment: &Assessment<'_>, found: &Value, again: &Again) -> Vec<Finding> {
    let mut findings = Vec::new();
    let own = assessment.gathered.namespace.as_str();
    let empty = Vec::new();
    let expressions = found["namespaceSelector"]["matchExpressions"]
        .as_array()
        .unwrap_or(&empty);
    let leaves_out = |expression: &&Value| {
        expression["key"] == "kubernetes.io/metadata.name" && expression["operator"] == "NotIn"
    };
    let left_out: Vec<&str> = expressions
        .iter()
        .filter(leaves_out)
        .filter_map(|e| e["values"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for namespace in ["kube-system", own] {
        if !left_out.contains(&namespace) {
            let message =
                format!("it is asked about pods of {namespace}, on which it depends itself");
            findings.push(again.mends(Finding::warn, message));
        }
    }
    let others: Vec<String> = expressions
        .iter()
        .filter(|e| !leaves_out(e))
        .map(|e| {
            format!(
                "{} {}",
                e["key"].as_str().unwrap_or_default(),
                e["operator"].as_str().unwrap_or_default()
            )
        })
        .chain(labels(&found["namespaceSelector"]))
        .collect();
    if !others.is_empty() {
        findings.push(Finding::warn(
            format!("it is only asked in namespaces that meet {}", some(&others)),
            "take that away unless you put it there, or your provider did: in the other namespaces \
             only the guard acts",
        ));
    }
    let pods = &found["objectSelector"];
    let has_expressions = pods["matchExpressions"]
        .as_array()
        .is_some_and(|e| !e.is_empty());
    if has_expressions || !labels(pods).is_empty() {
        findings.push(Finding::warn(
            "an objectSelector keeps pods from it by their labels, which anybody may write",
            "take objectSelector away",
        ));
    }
    findings
}

fn labels(selector: &Value) -> Vec<String> {
    let labels = selector["matchLabels"].as_object();
    labels
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .collect()
}

fn failure(assessment: &Assessment<'_>, found: &Value) -> Option<Finding> {
    let fails = found["failurePolicy"] != "Ignore";
    let is_of_use = assessment
        .minor()
        .is_none_or(|minor| minor < STRIPS_RECEIPTS);
    (fails && !is_of_use).then(|| {
        Finding::warn(
            "failurePolicy is Fail: while slicegate is down no GPU pod of any namespace is created",
            "set failurePolicy: Ignore; the guard keeps enforced namespaces closed",
        )
    })
}

/// What calls slicegate: kind and name.
fn callers<'s>(assessment: &'s Assessment<'_>) -> Result<Vec<(Kind, &'s str)>, Unseen> {
    let own = assessment.service();
    let is_ours = |webhook: &Value| {
        let service = &webhook["clientConfig"]["service"];
        let named = webhook["name"].as_str().unwrap_or_default();
        named.ends_with(".slicegate.dev")
            || service["name"] == own.name && service["namespace"] == own.namespace
    };
    let mut callers = Vec::new();
    for kind in [Kind::Mutating, Kind::Validating] {
        for object in kind.all(assessment)? {
            let mut webhooks = object["webhooks"].as_array().into_iter().flatten();
            if webhooks.any(is_ours) {
                callers.push((kind, name(object)));
            }
        }
    }
    Ok(callers)
}

/// Whether the API server is told nowhere to call it.
pub(super) fn nobody_calls(assessment: &Assessment<'_>) -> Result<bool, Unseen> {
    Ok(callers(assessment)?.is_empty())
}

pub(super) fn others(assessment: &Assessment<'_>) -> Findings {
    let others = callers(assessment)?
        .into_iter()
        .filter(|(_, name)| *name != OURS);
    let others: Vec<String> = others
        .map(|(kind, name)| format!("{} {name}", kind.object()))
        .collect();
    let finding = match others.first() {
        None => Finding::ok("no other registration calls slicegate"),
        Some(first) => Finding::warn(
            format!("slicegate is asked twice: {} calls it, too", some(&others)),
            "delete what an earlier installation left behind",
        )
        .run(format!("kubectl delete {}", first.to_lowercase())),
    };
    Ok(vec![finding])
}
