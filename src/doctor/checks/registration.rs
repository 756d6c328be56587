//! Whether the webhooks are registered at the API server as this version registers them.

use serde_json::Value;

use crate::cel::guard::says;
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix, or_ok};
use crate::doctor::gathered::{Gathered, Observation};
use crate::doctor::objects::{SLICEGATE, items, name, named};
use crate::doctor::text::some;
use crate::engine::ExcludedNamespaces;
use crate::manifests::{CaBundleSource, Service, mutating_webhook, validating_webhook};

/// The first version whose API server removes forged receipts itself.
const STRIPS_RECEIPTS: u32 = 36;

pub(super) struct Registration {
    kind: &'static str,
    webhook: &'static str,
    path: &'static str,
    /// The file that registers it.
    file: &'static str,
    /// All registrations of that kind.
    all: fn(&Gathered) -> &Observation<Vec<Value>>,
    generate: fn(Service<'_>, CaBundleSource<'_>, &ExcludedNamespaces) -> Value,
}

pub(super) const MUTATING: Registration = Registration {
    kind: "MutatingWebhookConfiguration",
    webhook: "mutate.slicegate.dev",
    path: "/mutate",
    file: "webhook-config/mutating-webhook.yaml",
    all: |gathered| &gathered.mutating,
    generate: mutating_webhook,
};

pub(super) const VALIDATING: Registration = Registration {
    kind: "ValidatingWebhookConfiguration",
    webhook: "validate.slicegate.dev",
    path: "/validate",
    file: "webhook-config/validating-webhook.yaml",
    all: |gathered| &gathered.validating,
    generate: validating_webhook,
};

pub(super) const REGISTRATIONS: [Registration; 2] = [MUTATING, VALIDATING];

impl Registration {
    /// The registered webhook; none if there is none.
    fn found<'g>(&self, assessment: &Assessment<'g>) -> Observation<Option<&'g Value>> {
        let all = (self.all)(assessment.gathered).as_ref()?;
        let webhooks = named(all, SLICEGATE).map(|object| items(&object["webhooks"]));
        Ok(webhooks.and_then(|mut all| all.find(|webhook| webhook["name"] == self.webhook)))
    }

    /// How the API server calls the webhook.
    pub(super) fn client<'g>(&self, assessment: &Assessment<'g>) -> Observation<Option<&'g Value>> {
        let found = self.found(assessment)?;
        Ok(found.map(|webhook| &webhook["clientConfig"]))
    }

    /// The URL that the API server calls; none if it calls the Service.
    pub(super) fn url<'g>(&self, assessment: &Assessment<'g>) -> Option<&'g str> {
        self.client(assessment).ok()??["url"].as_str()
    }

    pub(super) fn apply(&self) -> String {
        format!("kubectl apply -f {}", self.file)
    }

    /// Registers it as this version does.
    fn apply_again(&self, found: Option<&Value>) -> Fix {
        // The shipped file calls the Service, and the API server accepts no registration that calls both.
        if found.is_some_and(|webhook| webhook["clientConfig"]["url"].is_string()) {
            let fix = "apply the registration of this version again by helm upgrade, which keeps the chart's webhook.url";
            return fix.into();
        }
        let fix = "apply the registration of this version again: helm upgrade, or the file below";
        Fix::by(fix, self.apply())
    }
}

pub(super) fn registered(
    assessment: &Assessment<'_>,
    ours: &Registration,
) -> Observation<Vec<Finding>> {
    let found = ours.found(assessment)?;
    let again = ours.apply_again(found);
    let Some(found) = found else {
        let Registration { kind, webhook, .. } = ours;
        let message = format!(
            "the API server is not told to ask: there is no {kind} {SLICEGATE} with the webhook {webhook}"
        );
        return Ok(vec![Finding::fail(message, again)]);
    };
    let trust = CaBundleSource::CertManager(SLICEGATE);
    let mut wanted = (ours.generate)(assessment.service(), trust, &assessment.excluded);
    let wanted = wanted["webhooks"][0].take();
    let mut findings = Vec::new();
    findings.extend(target(assessment, ours, found, &wanted));
    for (field, what) in [
        ("rules", "it is asked about other requests"),
        ("matchConditions", "it is asked about other pods"),
    ] {
        if !says(&found[field], &wanted[field]) {
            let message = format!("{field} are not those of this version, so {what}");
            findings.push(Finding::fail(message, again.clone()));
        }
    }
    namespace_selector(
        assessment,
        &found["namespaceSelector"],
        &again,
        &mut findings,
    );
    let pods = &found["objectSelector"];
    if items(&pods["matchExpressions"]).next().is_some() || labels(pods).next().is_some() {
        findings.push(Finding::warn(
            "an objectSelector keeps pods from it by their labels, which anybody may write",
            "take objectSelector away",
        ));
    }
    let minor = assessment.minor();
    if minor.is_some_and(|minor| minor >= STRIPS_RECEIPTS) && found["failurePolicy"] != "Ignore" {
        findings.push(Finding::warn(
            "failurePolicy is Fail: while slicegate is down no GPU pod of any namespace is created",
            "set failurePolicy: Ignore; the guard keeps enforced namespaces closed",
        ));
    }
    if found["reinvocationPolicy"] != wanted["reinvocationPolicy"] {
        let message =
            "reinvocationPolicy is not IfNeeded: what later webhooks add stays incomplete";
        findings.push(Finding::warn(message, again));
    }
    let url = found["clientConfig"]["url"].as_str();
    let called = url.unwrap_or("its Service");
    let policy = found["failurePolicy"].as_str().unwrap_or("Fail");
    let message = format!("calls {called}, as this version would have it, failurePolicy {policy}");
    Ok(or_ok(findings, message))
}

/// The address that it calls.
fn target(
    assessment: &Assessment<'_>,
    ours: &Registration,
    found: &Value,
    wanted: &Value,
) -> Option<Finding> {
    if let Some(url) = found["clientConfig"]["url"].as_str() {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let message = format!("it calls {url}, which does not end in {}", ours.path);
        let is_wrong = !path.ends_with(ours.path);
        return is_wrong.then(|| Finding::fail(message, "correct clientConfig.url"));
    }
    let [found, wanted] = [found, wanted].map(|webhook| &webhook["clientConfig"]["service"]);
    if says(found, wanted) {
        return None;
    }
    let address = |service: &Value| {
        let word = |key: &str| service[key].as_str().unwrap_or_default().to_owned();
        format!("{}.{}{}", word("name"), word("namespace"), word("path"))
    };
    let message = format!("it calls {}, not {}", address(found), address(wanted));
    let fix = format!(
        "apply the registration again; if slicegate runs in another namespace than {}, name it \
         with --namespace",
        assessment.gathered.namespace
    );
    Some(Finding::fail(message, Fix::by(fix, ours.apply())))
}

/// The namespaces that it is asked about.
fn namespace_selector(
    assessment: &Assessment<'_>,
    selector: &Value,
    again: &Fix,
    findings: &mut Vec<Finding>,
) {
    let (exclusions, others): (Vec<&Value>, Vec<&Value>) = items(&selector["matchExpressions"])
        .partition(|expression| {
            expression["key"] == "kubernetes.io/metadata.name" && expression["operator"] == "NotIn"
        });
    for namespace in ["kube-system", assessment.gathered.namespace.as_str()] {
        let mut excluded = exclusions.iter().flat_map(|e| items(&e["values"]));
        if !excluded.any(|value| value == namespace) {
            let message =
                format!("it is asked about pods of {namespace}, on which it depends itself");
            findings.push(Finding::warn(message, again.clone()));
        }
    }
    let others = others.into_iter().map(|expression| {
        let word = |key: &str| expression[key].as_str().unwrap_or_default();
        format!("{} {}", word("key"), word("operator"))
    });
    let others: Vec<String> = others.chain(labels(selector).cloned()).collect();
    if !others.is_empty() {
        findings.push(Finding::warn(
            format!("it is only asked in namespaces that meet {}", some(&others)),
            "take that away unless you put it there, or your provider did: in the other namespaces \
             only the guard acts",
        ));
    }
}

fn labels(selector: &Value) -> impl Iterator<Item = &String> {
    let labels = selector["matchLabels"].as_object();
    labels.into_iter().flat_map(|labels| labels.keys())
}

/// All registrations that call slicegate: kind and name.
pub(super) fn callers<'g>(
    assessment: &Assessment<'g>,
) -> Observation<Vec<(&'static str, &'g str)>> {
    let own = assessment.service();
    let is_ours = |webhook: &Value| {
        let service = &webhook["clientConfig"]["service"];
        let webhook = webhook["name"].as_str().unwrap_or_default();
        webhook.ends_with(".slicegate.dev")
            || service["name"] == own.name && service["namespace"] == own.namespace
    };
    let mut callers = Vec::new();
    for Registration { kind, all, .. } in REGISTRATIONS {
        for object in all(assessment.gathered).as_ref()? {
            if items(&object["webhooks"]).any(is_ours) {
                callers.push((kind, name(object)));
            }
        }
    }
    Ok(callers)
}

pub(super) fn others(assessment: &Assessment<'_>) -> Observation<Finding> {
    let mut others = callers(assessment)?;
    others.retain(|(_, name)| *name != SLICEGATE);
    let others: Vec<String> = others
        .iter()
        .map(|(kind, name)| format!("{kind} {name}"))
        .collect();
    let Some(first) = others.first() else {
        return Ok(Finding::ok("no other registration calls slicegate"));
    };
    let message = format!("slicegate is asked twice: {} calls it, too", some(&others));
    let command = format!("kubectl delete {}", first.to_lowercase());
    let fix = Fix::by("delete what an earlier installation left behind", command);
    Ok(Finding::warn(message, fix))
}
