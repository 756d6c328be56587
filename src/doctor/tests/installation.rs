//! What can be wrong with an installation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::super::Severity::{Fail, Ok as Good, Warn};
use super::super::{Aim, Asked, Unseen};
use super::Case;
use super::healthy::{argument, found, refused, template, webhook};
use crate::certificates;

#[rustfmt::skip]
pub(super) const INSTALLATION: &[Case] = &[
    (|g| found(&mut g.version)["minor"] = "29".into(), "api-server", Fail, "the guard needs 1.30"),
    (|g| found(&mut g.version)["minor"] = "36+".into(), "api-server", Good, "v1.36.3"),
    (|g| found(&mut g.version)["minor"] = "?".into(), "api-server", Warn, "not understood"),
    (|g| found(&mut g.clocks).server += 90, "clock", Warn, "90 s ahead of this machine"),
    (|g| found(&mut g.clocks).server -= 90, "clock", Warn, "90 s behind this machine"),
    (|g| g.own_namespace = Ok(None), "namespace", Fail, "no namespace slicegate-system"),
    (|g| found(&mut g.own_namespace).as_mut().unwrap()["metadata"]["labels"] = json!({}), "namespace", Warn, "not under Pod Security"),
    (|g| g.deployment = Ok(None), "deployment", Warn, "no Deployment slicegate"),
    (|g| found(&mut g.deployment).as_mut().unwrap()["status"] = json!({}), "deployment", Fail, "none of 2 replicas"),
    (|g| found(&mut g.deployment).as_mut().unwrap()["status"]["readyReplicas"] = 1.into(), "deployment", Warn, "1 of 2 replicas"),
    (|g| found(&mut g.deployment).as_mut().unwrap()["spec"]["replicas"] = 0.into(), "deployment", Fail, "0 replicas"),
    (|g| { found(&mut g.deployment).as_mut().unwrap()["status"]["conditions"] = json!([ {"type": "ReplicaFailure", "status": "True", "message": "insufficient quota to match these scopes"}]) }, "deployment", Fail, "no pod can be made: insufficient quota"),
    (|g| found(&mut g.deployment).as_mut().unwrap()["spec"]["replicas"] = 1.into(), "availability", Warn, "1 replica"),
    (|g| g.budgets = Ok(Vec::new()), "availability", Warn, "no PodDisruptionBudget"),
    (|g| found(&mut g.budgets)[0]["spec"]["selector"]["matchLabels"] = json!({"app": "other"}), "availability", Warn, "no PodDisruptionBudget"),
    (|g| { template(g)["priorityClassName"].take(); }, "availability", Warn, "no priority class"),
    (|g| argument(g, "--nodes=/world/nodes.yaml"), "sources", Warn, "reads nodes from files"),
    (|g| g.rights.iter_mut().take(2).for_each(|r| r.1 = Ok(false)), "rights", Fail, "ServiceAccount slicegate may not get, list namespaces, which it needs to know"),
    (|g| g.rights.last_mut().unwrap().1 = Ok(false), "rights", Fail, "may not create leases.coordination.k8s.io in its own namespace"),
    (|g| g.rights[0].1 = Err(Unseen::unasked("x")), "rights", Warn, "not checked"),
    (|g| { argument(g, "--nodes=a"); argument(g, "--namespaces=b"); }, "rights", Good, "none are needed"),
    (|g| g.service = Ok(None), "service", Fail, "no Service slicegate"),
    (|g| found(&mut g.service).as_mut().unwrap()["spec"]["ports"][0]["port"] = 8443.into(), "service", Fail, "no port 443"),
    (|g| g.endpoints = Ok(Vec::new()), "endpoints", Fail, "no pod behind it"),
    (|g| found(&mut g.endpoints)[0]["endpoints"][0]["conditions"]["ready"] = false.into(), "endpoints", Fail, "none of 2 addresses"),
    (|g| g.mutating = Ok(Vec::new()), "mutating-webhook", Fail, "is not told to ask"),
    (|g| g.validating = Ok(Vec::new()), "validating-webhook", Fail, "no ValidatingWebhookConfiguration slicegate"),
    (|g| webhook(g)["name"] = "other.example".into(), "mutating-webhook", Fail, "is not told to ask"),
    (|g| webhook(g)["clientConfig"]["service"]["namespace"] = "other".into(), "mutating-webhook", Fail, "calls slicegate.other/mutate, not slicegate.slicegate-system/mutate"),
    (|g| webhook(g)["clientConfig"] = json!({"url": "https://x.example/other"}), "mutating-webhook", Fail, "does not end in /mutate"),
    (|g| webhook(g)["matchConditions"] = json!([]), "mutating-webhook", Fail, "asked about other pods"),
    (|g| webhook(g)["rules"][0]["operations"] = json!(["DELETE"]), "mutating-webhook", Fail, "asked about other requests"),
    (|g| webhook(g)["namespaceSelector"] = json!({}), "mutating-webhook", Warn, "pods of slicegate-system"),
    (|g| webhook(g)["namespaceSelector"]["matchLabels"] = json!({"gpu": "yes"}), "mutating-webhook", Warn, "only asked in namespaces that meet gpu"),
    (|g| webhook(g)["objectSelector"] = json!({"matchLabels": {"gpu": "yes"}}), "mutating-webhook", Warn, "objectSelector"),
    (|g| webhook(g)["failurePolicy"] = "Fail".into(), "mutating-webhook", Warn, "failurePolicy is Fail"),
    (|g| { found(&mut g.version)["minor"] = "33".into(); webhook(g)["failurePolicy"] = "Fail".into(); }, "mutating-webhook", Good, "failurePolicy Fail"),
    (|g| webhook(g)["reinvocationPolicy"] = "Never".into(), "mutating-webhook", Warn, "reinvocationPolicy"),
    (|g| { let mut other = found(&mut g.mutating)[0].clone(); other["metadata"]["name"] = "old".into(); found(&mut g.mutating).push(other); }, "other-webhooks", Warn, "MutatingWebhookConfiguration old"),
    (|g| { webhook(g)["clientConfig"]["caBundle"].take(); }, "certificate-authority", Good, "by its machine's own authorities"),
    (|g| { webhook(g)["clientConfig"]["caBundle"].take(); g.tried.clear(); }, "certificate-authority", Fail, "no caBundle"),
    (|g| g.validating = Ok(Vec::new()), "certificate-authority", Warn, "not registered"),
    (|g| g.mutating = Ok(Vec::new()), "certificate", Warn, "not registered"),
    (|g| g.service = Ok(None), "endpoints", Warn, "no Service"),
    (|g| webhook(g)["clientConfig"]["caBundle"] = "AAAA".into(), "certificate-authority", Fail, "cannot be used"),
    (|g| found(&mut g.clocks).server += 100 * 86400, "certificate-authority", Fail, "has ended"),
    (|g| found(&mut g.clocks).server += 85 * 86400, "certificate-authority", Warn, "ends on"),
    (|g| { let other = certificates::generate(&["a".to_owned()], &[], 9).unwrap(); webhook(g)["clientConfig"]["caBundle"] = STANDARD.encode(other.ca_pem).into(); }, "certificate-authority", Fail, "different authorities"),
    (|g| { let other = certificates::generate(&["a".to_owned()], &[], 9).unwrap(); webhook(g)["clientConfig"]["caBundle"] = STANDARD.encode(other.ca_pem).into(); }, "certificate", Fail, "does not take it for slicegate.slicegate-system.svc"),
    (|g| found(&mut g.clocks).server += 100 * 86400, "certificate", Fail, "it ended on"),
    (|g| found(&mut g.clocks).server -= 10 * 86400, "certificate", Fail, "valid only from"),
    (|g| found(&mut g.clocks).server += 85 * 86400, "certificate", Warn, "it ends on"),
    (|g| g.secret = Ok(None), "certificate", Fail, "no Secret slicegate-tls"),
    (|g| g.secret = Err(Unseen::unasked("x")), "certificate", Warn, "the API server takes it"),
    (|g| { argument(g, "--tls-secret=slicegate-tls"); g.secret = Err(Unseen::unasked("x")); }, "certificate", Good, "each replica signs its own"),
    (|g| argument(g, "--tls-secret=slicegate-tls"), "certificate", Good, "by the authority of Secret"),
    (|g| { argument(g, "--tls-secret=slicegate-tls"); let other = certificates::generate(&["a".to_owned()], &[], 9).unwrap(); found(&mut g.secret).as_mut().unwrap()["data"]["ca.crt"] = STANDARD.encode(other.ca_pem).into(); }, "certificate", Fail, "do not trust the authority"),
    (|g| refused(g, Aim::Webhook, "ValidatingAdmissionPolicy 'slicegate-stamp' with binding"), "reached", Fail, "the guard refused it instead"),
    (|g| refused(g, Aim::Webhook, "failed calling webhook \"mutate.slicegate.dev\": x509: unknown"), "reached", Fail, "in vain: failed calling"),
    (|g| g.tried.iter_mut().for_each(|t| t.answer = Asked::Taken(Vec::new())), "reached", Fail, "nobody answered"),
    (|g| g.tried.iter_mut().for_each(|t| t.answer = Asked::Taken(vec!["slicegate dry-run: no".to_owned()])), "reached", Good, "answered"),
    (|g| refused(g, Aim::Webhook, "User \"a\" cannot create resource \"pods\" in"), "reached", Warn, "you may not create pods in team"),
    (|g| refused(g, Aim::Webhook, "exceeded quota"), "reached", Warn, "somebody else refused"),
    (|g| g.tried.clear(), "reached", Warn, "not tried"),
];
