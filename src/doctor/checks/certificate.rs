//! Whether the API server trusts slicegate's serving certificate, and for how long.

use super::deployment::not_here;
use super::reached::is_answered;
use super::registration::{MUTATING, REGISTRATIONS, Registration};
use crate::doctor::assessment::Assessment;
use crate::doctor::chain::{self, Chain};
use crate::doctor::finding::{Finding, Fix};
use crate::doctor::gathered::{Observation, Unseen};
use crate::doctor::objects::SLICEGATE;
use crate::doctor::settings::Settings;

/// A week in seconds. Nobody renews what ends earlier: cert-manager renews when a third of the time is left.
const SOON: i64 = 7 * 24 * 60 * 60;

/// The authorities that a webhook trusts; none without a caBundle.
fn roots(
    assessment: &Assessment<'_>,
    registration: &Registration,
) -> Observation<Option<Result<Chain, String>>> {
    let client = registration.client(assessment)?;
    let bundle = client.and_then(|client| client["caBundle"].as_str());
    Ok(bundle.map(chain::encoded))
}

/// What the checks say without webhooks; the checks of the webhooks explain it.
fn not_registered() -> Finding {
    let message = "not checked: the webhooks are not registered";
    Finding::unseen(message, "register them first")
}

/// How the certificate is renewed here.
fn renew(assessment: &Assessment<'_>) -> Fix {
    let namespace = &assessment.gathered.namespace;
    if assessment.has_flag("tls-secret") {
        let fix = "slicegate writes it by itself: see what its log says";
        return Fix::by(fix, assessment.logs());
    }
    if MUTATING.url(assessment).is_some() {
        // slicegate certs makes a certificate for the Service only, and lets the webhooks call it again.
        let host = host(assessment).unwrap_or_default();
        let secret = assessment.known_settings().and_then(Settings::secret);
        let secret = secret.unwrap_or("slicegate-tls");
        return Fix::by(
            format!(
                "see whether cert-manager is well, or make a certificate for {host}, put it into the Secret, and its \
                 authority into caBundle of both webhooks (docs/certificates.md)"
            ),
            format!(
                "kubectl -n {namespace} create secret tls {secret} --cert=tls.crt --key=tls.key --dry-run=client \
                 -o yaml | kubectl apply -f -"
            ),
        );
    }
    let flags = if namespace == crate::manifests::NAMESPACE {
        String::new()
    } else {
        format!(" --namespace {namespace}")
    };
    Fix::by(
        "see whether cert-manager is well, or make a certificate of its own",
        format!("slicegate certs{flags} | kubectl apply -f -"),
    )
}

pub(super) fn authority(assessment: &Assessment<'_>) -> Observation<Finding> {
    let fail = |message: &str| Ok(Finding::fail(message, renew(assessment)));
    let mut bundles = Vec::new();
    for registration in &REGISTRATIONS {
        if registration.client(assessment)?.is_none() {
            return Ok(not_registered());
        }
        match roots(assessment, registration)? {
            // The API server then trusts the authorities of its machine, which may be enough.
            None if is_answered(assessment) => {
                let message = "no caBundle: the API server takes the certificate by its machine's own authorities";
                return Ok(Finding::ok(message));
            }
            None => {
                let message = "a webhook has no caBundle, so the API server does not know slicegate's authority";
                return fail(message);
            }
            Some(Err(problem)) => return fail(&format!("the caBundle cannot be used: {problem}")),
            Some(Ok(chain)) => bundles.push(chain),
        }
    }
    if bundles.first() != bundles.last() {
        return fail("the two webhooks trust different authorities");
    }
    let now = assessment.now();
    let mut ends = Vec::new();
    for certificate in bundles.iter().flatten() {
        let Ok(validity) = chain::validity(certificate) else {
            return fail("the caBundle holds something that is no certificate");
        };
        // A bundle may also hold an authority that has ended, or that is not valid yet.
        if now.is_none_or(|now| validity.contains(&now)) {
            ends.push(*validity.end());
        }
    }
    let Some(end) = ends.into_iter().max() else {
        return fail("every authority in the caBundle has ended, or is not valid yet");
    };
    let day = chain::day(end);
    Ok(if now.is_some_and(|now| end - now < SOON) {
        Finding::warn(format!("the authority ends on {day}"), renew(assessment))
    } else {
        Finding::ok(format!("both webhooks trust the same one, until {day}"))
    })
}

pub(super) fn certificate(assessment: &Assessment<'_>) -> Observation<Finding> {
    let fail = |message: String| Ok(Finding::fail(message, renew(assessment)));
    let Some(settings) = assessment.settings.as_ref()? else {
        return Ok(not_here());
    };
    let Some(name) = settings.secret() else {
        return Ok(Finding::warn(
            "it is in no Secret that the Deployment names, so its end is not known here",
            "watch the metric slicegate_tls_certificate_not_after_seconds",
        ));
    };
    let signs_itself = settings.has("tls-secret");
    let secret = match &assessment.gathered.secret {
        Ok(Some(secret)) => secret,
        Ok(None) => {
            return fail(format!(
                "there is no Secret {name}, which slicegate reads it from"
            ));
        }
        Err(_) if signs_itself && is_answered(assessment) => {
            let message = "each replica signs its own, and the API server takes it";
            return Ok(Finding::ok(message));
        }
        Err(unseen) => return Ok(unread(assessment, name, unseen)),
    };
    if MUTATING.client(assessment)?.is_none() {
        return Ok(not_registered());
    }
    let trusted = roots(assessment, &MUTATING)?;
    let trusted = trusted.and_then(Result::ok).unwrap_or_default();
    let key = if signs_itself { "ca.crt" } else { "tls.crt" };
    let chain = match chain::encoded(secret["data"][key].as_str().unwrap_or_default()) {
        Ok(chain) => chain,
        Err(problem) => return fail(format!("Secret {name}, {key}: {problem}")),
    };
    if signs_itself {
        if !chain.iter().all(|c| trusted.contains(c)) {
            return fail(format!(
                "the webhooks do not trust the authority of Secret {name}"
            ));
        }
        return Ok(Finding::ok(format!(
            "signed by each replica for itself, by the authority of Secret {name}"
        )));
    }
    let Some(Ok(validity)) = chain.first().map(chain::validity) else {
        return fail(format!("Secret {name}, {key} is no certificate"));
    };
    let now = assessment.now().unwrap_or(*validity.start());
    let (begin, end) = (chain::day(*validity.start()), chain::day(*validity.end()));
    if now < *validity.start() {
        return fail(format!("it is valid only from {begin}"));
    }
    if now > *validity.end() {
        return fail(format!("it ended on {end}"));
    }
    let host = host(assessment)?;
    if let Err(problem) = chain::check(&chain, &trusted, &host, now) {
        return fail(format!(
            "the API server does not take it for {host}: {problem}"
        ));
    }
    Ok(if validity.end() - now < SOON {
        Finding::warn(format!("it ends on {end}"), renew(assessment))
    } else {
        Finding::ok(format!("for {host}, by that authority, until {end}"))
    })
}

/// The host that the API server calls.
fn host(assessment: &Assessment<'_>) -> Observation<String> {
    let client = MUTATING.client(assessment)?;
    let Some(url) = client.and_then(|client| client["url"].as_str()) else {
        return Ok(format!("{SLICEGATE}.{}.svc", assessment.gathered.namespace));
    };
    let rest = url.trim_start_matches("https://");
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, _) = authority.rsplit_once(':').unwrap_or((authority, ""));
    Ok(host.trim_matches(['[', ']']).to_owned())
}

/// Few may read the Secret, since it holds a private key. An answered probe shows that the chain is trusted.
fn unread(assessment: &Assessment<'_>, name: &str, unseen: &Unseen) -> Finding {
    let fix = format!(
        "ask somebody who may read Secret {name} (it holds a private key, so give nobody that right \
         for this), or watch the metric slicegate_tls_certificate_not_after_seconds"
    );
    let message = if is_answered(assessment) {
        "the API server takes it; when it ends could not be seen".to_owned()
    } else {
        format!("not checked: {}", unseen.problem)
    };
    Finding::unseen(message, fix)
}
