//! Whether the API server trusts the certificate that slicegate shows, and for how long.

use super::deployment::not_here;
use super::reached;
use super::registration::{Kind, OURS};
use crate::doctor::assessment::Assessment;
use crate::doctor::chain::{self, Chain};
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::{Unseen, seen};
use crate::doctor::settings::Settings;

const DAY: i64 = 24 * 60 * 60;
/// cert-manager renews when a third of the time is left; what nobody renewed a week before its end, nobody will.
const SOON: i64 = 7 * DAY;

/// The authorities of one of the webhooks.
fn roots(assessment: &Assessment<'_>, kind: Kind) -> Result<Option<Result<Chain, String>>, Unseen> {
    let bundle = kind
        .client(assessment)?
        .and_then(|c| c["caBundle"].as_str());
    Ok(bundle.map(chain::encoded))
}

/// Said where a webhook is missing, which is what its own check finds.
fn not_registered() -> Finding {
    Finding::unseen(
        "not checked: the webhooks are not registered",
        "register them first",
    )
}

/// What renews a certificate here.
fn renew(assessment: &Assessment<'_>) -> (String, String) {
    let namespace = &assessment.gathered.namespace;
    let settings = assessment.known_settings();
    if settings.is_some_and(|s| s.has("tls-secret")) {
        return (
            "slicegate writes it by itself: see what its log says".to_owned(),
            format!("kubectl -n {namespace} logs -l app.kubernetes.io/name=slicegate --tail=50"),
        );
    }
    let is_called_by_url = Kind::Mutating
        .client(assessment)
        .is_ok_and(|client| client.is_some_and(|c| c["url"].is_string()));
    if is_called_by_url {
        // slicegate certs makes one for the Service alone, and would have the webhooks call that again.
        let host = host(assessment).unwrap_or_default();
        let secret = settings
            .and_then(Settings::secret)
            .unwrap_or("slicegate-tls");
        return (
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
    (
        "see whether cert-manager is well, or make a certificate of its own".to_owned(),
        format!("slicegate certs{flags} | kubectl apply -f -"),
    )
}

pub(super) fn authority(assessment: &Assessment<'_>) -> Findings {
    let (fix, command) = renew(assessment);
    let fail = |message: String| {
        Ok(vec![
            Finding::fail(message, fix.clone()).run(command.clone()),
        ])
    };
    let mut read = Vec::new();
    for kind in [Kind::Mutating, Kind::Validating] {
        if kind.client(assessment)?.is_none() {
            return Ok(vec![not_registered()]);
        }
        match roots(assessment, kind)? {
            // Those of the API server's machine count then, which may even do.
            None if reached::is_answered(assessment) => {
                let message = "no caBundle: the API server takes the certificate by its machine's own authorities";
                return Ok(vec![Finding::ok(message)]);
            }
            None => {
                let message = "a webhook has no caBundle, so the API server does not know slicegate's authority";
                return fail(message.to_owned());
            }
            Some(Err(problem)) => return fail(format!("the caBundle cannot be used: {problem}")),
            Some(Ok(chain)) => read.push(chain),
        }
    }
    if read.first() != read.last() {
        return fail("the two webhooks trust different authorities".to_owned());
    }
    let now = assessment.now();
    let mut ends = Vec::new();
    for certificate in read.iter().flatten() {
        let Ok(validity) = chain::validity(certificate) else {
            return fail("the caBundle holds something that is no certificate".to_owned());
        };
        // Of several one may be of yesterday, or of tomorrow.
        if now.is_none_or(|now| validity.begin <= now && now <= validity.end) {
            ends.push(validity.end);
        }
    }
    let Some(end) = ends.into_iter().max() else {
        return fail("every authority in the caBundle has ended, or is not valid yet".to_owned());
    };
    let finding = if now.is_some_and(|now| end - now < SOON) {
        Finding::warn(format!("the authority ends on {}", chain::day(end)), fix).run(command)
    } else {
        Finding::ok(format!(
            "both webhooks trust the same one, until {}",
            chain::day(end)
        ))
    };
    Ok(vec![finding])
}

pub(super) fn certificate(assessment: &Assessment<'_>) -> Findings {
    let Some(settings) = seen(&assessment.settings)? else {
        return Ok(vec![not_here()]);
    };
    let Some(name) = settings.secret() else {
        let message = "it is in no Secret that the Deployment names, so its end is not known here";
        return Ok(vec![Finding::warn(
            message,
            "watch the metric slicegate_tls_certificate_not_after_seconds",
        )]);
    };
    let (fix, command) = renew(assessment);
    let fail = |message: String| {
        Ok(vec![
            Finding::fail(message, fix.clone()).run(command.clone()),
        ])
    };
    let Some(secret) = (match seen(&assessment.gathered.secret) {
        Ok(secret) => secret,
        Err(_) if settings.has("tls-secret") && reached::is_answered(assessment) => {
            let message = "each replica signs its own, and the API server takes it";
            return Ok(vec![Finding::ok(message)]);
        }
        Err(unseen) => return Ok(vec![unread(assessment, name, &unseen)]),
    }) else {
        return fail(format!(
            "there is no Secret {name}, which slicegate reads it from"
        ));
    };
    if Kind::Mutating.client(assessment)?.is_none() {
        return Ok(vec![not_registered()]);
    }
    let trusted = roots(assessment, Kind::Mutating)?
        .and_then(Result::ok)
        .unwrap_or_default();
    let key = if settings.has("tls-secret") {
        "ca.crt"
    } else {
        "tls.crt"
    };
    let shown = match chain::encoded(secret["data"][key].as_str().unwrap_or_default()) {
        Ok(chain) => chain,
        Err(problem) => return fail(format!("Secret {name}, {key}: {problem}")),
    };
    if settings.has("tls-secret") {
        return if shown.iter().all(|c| trusted.contains(c)) {
            Ok(vec![Finding::ok(format!(
                "signed by each replica for itself, by the authority of Secret {name}"
            ))])
        } else {
            fail(format!(
                "the webhooks do not trust the authority of Secret {name}"
            ))
        };
    }
    let Some(Ok(validity)) = shown.first().map(chain::validity) else {
        return fail(format!("Secret {name}, {key} is no certificate"));
    };
    let now = assessment.now().unwrap_or(validity.begin);
    if now < validity.begin {
        return fail(format!(
            "it is valid only from {}",
            chain::day(validity.begin)
        ));
    }
    if now > validity.end {
        return fail(format!("it ended on {}", chain::day(validity.end)));
    }
    let host = host(assessment)?;
    if let Err(problem) = chain::check(&shown, &trusted, &host, now) {
        return fail(format!(
            "the API server does not take it for {host}: {problem}"
        ));
    }
    let end = chain::day(validity.end);
    let finding = if validity.end - now < SOON {
        Finding::warn(format!("it ends on {end}"), fix).run(command)
    } else {
        Finding::ok(format!("for {host}, by that authority, until {end}"))
    };
    Ok(vec![finding])
}

/// The name the API server asks for.
fn host(assessment: &Assessment<'_>) -> Result<String, Unseen> {
    let url = Kind::Mutating
        .client(assessment)?
        .and_then(|c| c["url"].as_str());
    let of_url = url.map(|url| {
        let rest = url.trim_start_matches("https://");
        let authority = rest.split('/').next().unwrap_or_default();
        let (host, _) = authority.rsplit_once(':').unwrap_or((authority, ""));
        host.trim_matches(['[', ']']).to_owned()
    });
    let own = || format!("{OURS}.{}.svc", assessment.gathered.namespace);
    Ok(of_url.unwrap_or_else(own))
}

/// The Secret holds a private key, so few may read it; that the API server was answered shows as much of the chain.
fn unread(assessment: &Assessment<'_>, name: &str, unseen: &Unseen) -> Finding {
    let fix = format!(
        "ask somebody who may read Secret {name} (it holds a private key, so give nobody that right \
         for this), or watch the metric slicegate_tls_certificate_not_after_seconds"
    );
    let message = if reached::is_answered(assessment) {
        "the API server takes it; when it ends could not be seen".to_owned()
    } else {
        format!("not checked: {}", unseen.problem)
    };
    Finding::unseen(message, fix)
}
