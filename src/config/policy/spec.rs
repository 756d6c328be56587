//! The document around its tiers, placement and supply.

use std::collections::BTreeMap;

use crate::engine::rules;
use crate::engine::vocabulary::policy::{
    BoundaryNames, ForeignSystem, Mode, NamedBoundary, Outsiders, Policy, Tier,
};
use crate::engine::vocabulary::rule::Rule;
use crate::engine::vocabulary::rule::Severity;
use crate::engine::vocabulary::suggest::nearest;

use serde_json::{Value, json};

use super::field::{Field, Fields};
use super::names::{DNS_LABEL, LONGEST_LABEL};
use super::problem::{Report, shown};
use super::unique::{Unique, distinct};
use super::{built_in, openapi, placement, status, supply, tier};

const API_VERSION: &str = "slicegate.dev/v1alpha1";
const KIND: &str = "SharingPolicy";
const DEFAULT_NAME: &str = "default";
const MODES: [(&str, Mode); 3] = [
    (Mode::Enforce.word(), Mode::Enforce),
    (Mode::DryRun.word(), Mode::DryRun),
    (Mode::Off.word(), Mode::Off),
];
const OUTSIDERS: [(&str, Outsiders); 2] = [("none", Outsiders::None), ("label", Outsiders::Label)];
const BOUNDARY_NAMES: [(&str, BoundaryNames); 2] = [
    ("listed", BoundaryNames::Listed),
    ("open", BoundaryNames::Open),
];
const SEVERITIES: [(&str, Severity); 3] = [
    (Severity::Deny.word(), Severity::Deny),
    (Severity::Warn.word(), Severity::Warn),
    (Severity::Off.word(), Severity::Off),
];
/// What objects in a cluster carry besides their name.
const OBJECT_META: [&str; 14] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Reads the document, all but the hash. What comes back is only of use if nothing was reported.
pub(super) fn policy(fields: &mut Fields<'_>) -> Option<Policy> {
    let api_version = fields.required("apiVersion", API_VERSION);
    let kind = fields.required("kind", KIND);
    let another = kind.is_some_and(|f| !f.is_exactly(KIND));
    if api_version.is_some_and(|f| !f.is_exactly(API_VERSION)) || another {
        // The fields of another kind or version are not this reader's to judge.
        fields.ignore_rest();
        return None;
    }
    fields.ignore(&["status"]);
    let metadata = fields.optional("metadata");
    let name = metadata
        .and_then(|f| f.object(name))
        .unwrap_or(DEFAULT_NAME.to_owned());
    let policy = match fields.optional("spec") {
        Some(field) => field.object(spec),
        None => default(fields.of.report),
    };
    policy.map(|policy| Policy { name, ..policy })
}

fn name(fields: &mut Fields<'_>) -> String {
    fields.ignore(&OBJECT_META);
    let field = fields.optional("name");
    let name = field.as_ref().and_then(Field::object_name);
    if let (Some(field), Some(name)) = (&field, &name)
        && name != DEFAULT_NAME
    {
        field.note(format!(
            "{name} is for files alone: in a cluster the SharingPolicy named {DEFAULT_NAME} counts, and no other"
        ));
    }
    name.unwrap_or(DEFAULT_NAME.to_owned())
}

fn spec(fields: &mut Fields<'_>) -> Policy {
    let mode = fields.optional("mode").and_then(|f| f.word(&MODES));
    let namespace_default = fields
        .optional("namespaceDefault")
        .and_then(|f| f.word(&MODES));
    let default_tier = fields.optional("defaultTier");
    let pod_opt_out = fields.optional("podOptOut").and_then(|f| f.boolean());
    let outsiders = fields
        .optional("outsiders")
        .and_then(|f| f.word(&OUTSIDERS));
    let boundary_names = fields
        .optional("boundaryNames")
        .and_then(|f| f.word(&BOUNDARY_NAMES));
    let boundaries = fields.optional("boundaries").map(|f| boundaries(&f));
    let foreign_sharing = fields
        .optional("foreignSharing")
        .map(|f| foreign_sharing(&f));
    let tiers = match fields.optional("tiers") {
        Some(field) => tier::tiers(&field),
        None => default(fields.of.report)
            .map(|p| p.tiers)
            .unwrap_or_default(),
    };
    let placement = fields
        .optional("placement")
        .and_then(|f| f.object(placement::placement));
    let supply = fields
        .optional("supply")
        .and_then(|f| f.object(supply::supply));
    let rules = fields.optional("rules").map(|f| severities(&f));
    Policy {
        name: String::new(),
        hash: String::new(),
        mode: mode.unwrap_or(Mode::Enforce),
        namespace_default: namespace_default.unwrap_or(Mode::Off),
        default_tier: default_tier.and_then(|f| known_tier(&f, &tiers)),
        pod_opt_out: pod_opt_out.unwrap_or(false),
        outsiders: outsiders.unwrap_or(Outsiders::None),
        boundary_names: boundary_names.unwrap_or(BoundaryNames::Listed),
        boundaries: boundaries.unwrap_or_default(),
        foreign_sharing: foreign_sharing.unwrap_or_default(),
        tiers,
        placement: placement.unwrap_or_else(placement::default),
        supply: supply.unwrap_or_else(supply::default),
        rules: rules.unwrap_or_default(),
    }
}

/// The built-in policy, for a document that leaves its tiers or all of its spec out.
fn default(report: &Report) -> Option<Policy> {
    built_in().map_err(|errors| report.add_all(errors)).ok()
}

fn known_tier(field: &Field<'_>, tiers: &[Tier]) -> Option<String> {
    let text = field.text()?;
    if tiers.is_empty() {
        field.problem(format!(
            "{} is no tier, the policy has none; add one or remove this",
            shown(text)
        ));
    } else if !tiers.iter().any(|tier| tier.name == text) {
        field.none_of(text, tiers.iter().map(|tier| tier.name.as_str()));
    }
    Some(text.to_owned())
}

fn boundaries(field: &Field<'_>) -> Vec<NamedBoundary> {
    let mut names = Unique::default();
    let items = field.items();
    items
        .iter()
        .filter_map(|item| item.object(|fields| boundary(fields, &mut names)))
        .collect()
}

fn boundary(fields: &mut Fields<'_>, names: &mut Unique) -> NamedBoundary {
    let name = fields.required("name", "the boundary's name");
    let name = name.and_then(|f| {
        let name = f.dns_label()?;
        names.check(&f, &name);
        Some(name)
    });
    let namespaces = fields.required("namespaces", "the namespaces that may use it");
    let namespaces = namespaces.map(|f| distinct(&f.some_items("a namespace"), Field::dns_label));
    NamedBoundary {
        name: name.unwrap_or_default(),
        namespaces: namespaces.unwrap_or_default(),
    }
}

fn foreign_sharing(field: &Field<'_>) -> Vec<ForeignSystem> {
    distinct(&field.items(), |item| item.word(&systems()))
}

fn systems() -> [(&'static str, ForeignSystem); 5] {
    ForeignSystem::ALL.map(|system| (system.word(), system))
}

fn severities(field: &Field<'_>) -> BTreeMap<&'static str, Severity> {
    let pairs = field.pairs().into_iter();
    pairs
        .filter_map(|(id, field)| {
            let rule = known_rule(id, &field)?;
            let severity = severity(rule, &field)?;
            (severity != rule.default).then_some((rule.id, severity))
        })
        .collect()
}

fn known_rule(id: &str, field: &Field<'_>) -> Option<&'static Rule> {
    let rule = rules::find(id);
    if rule.is_none() {
        let meant = nearest(id, rules::ALL.iter().map(|rule| rule.id));
        let meant = meant
            .map(|meant| format!("did you mean {meant}? "))
            .unwrap_or_default();
        field.problem(format!("no such rule; {meant}`slicegate rules` lists them"));
    }
    rule
}

fn severity(rule: &Rule, field: &Field<'_>) -> Option<Severity> {
    if field.is_null() {
        return None;
    }
    let severity = field.word(&SEVERITIES)?;
    if rule.always_denies && severity != Severity::Deny {
        let why = "nothing sound can be decided without this rule";
        field.problem(format!(
            "{} is not possible, {why}; write deny or remove it",
            severity.word()
        ));
    }
    Some(severity)
}

/// The document as a schema; `tiers` are those of a policy that lists none.
pub(super) fn schema(tiers: &[Tier]) -> Value {
    let spec = openapi::object(
        "What it says; absent fields have the built-in policy's values.",
        Vec::new(),
        fields(),
    );
    json!({
        "description": "How GPUs may be shared. Only the object named default counts.",
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": openapi::nullable(openapi::with_rules(spec, &[names_a_tier(tiers)])),
            "status": status::schema(),
        },
    })
}

fn fields() -> Vec<openapi::Property> {
    let systems = systems();
    vec![
        (
            "mode",
            openapi::word("The most any namespace gets; enforce by default.", &MODES),
        ),
        (
            "namespaceDefault",
            openapi::word(
                "What a namespace gets that does not say slicegate.dev/mode; \"off\" by default.",
                &MODES,
            ),
        ),
        (
            "defaultTier",
            openapi::text(
                "The tier of pods and namespaces that name none; without one they keep their whole GPU.",
                DNS_LABEL,
                LONGEST_LABEL,
            ),
        ),
        (
            "podOptOut",
            openapi::boolean(
                "Whether a pod may leave with slicegate.dev/mode: \"off\"; false by default.",
            ),
        ),
        (
            "outsiders",
            openapi::word(
                "What GPU pods get whose namespace is off or in dry-run: nothing (the default), or the boundary label.",
                &OUTSIDERS,
            ),
        ),
        (
            "boundaryNames",
            openapi::word(
                "Whether namespaces may share a name that no namespace bears without being listed: no (listed, the default), or open.",
                &BOUNDARY_NAMES,
            ),
        ),
        ("boundaries", boundaries_schema()),
        (
            "foreignSharing",
            openapi::each_once(
                "Other sharing systems that are left alone in enforced namespaces.",
                &systems,
                0,
            ),
        ),
        ("tiers", tier::schema()),
        ("placement", placement::schema()),
        ("supply", supply::schema()),
        ("rules", severities_schema()),
    ]
}

fn names_a_tier(tiers: &[Tier]) -> openapi::Rule {
    let names = openapi::texts(tiers.iter().map(|tier| tier.name.as_str()));
    openapi::rule(
        format!(
            "!has(self.defaultTier) || (has(self.tiers) ? self.tiers.exists(t, t.name == self.defaultTier) \
             : self.defaultTier in {names})"
        ),
        "is none of the tiers; name one of them, add it or remove this",
    )
    .telling("self.defaultTier")
    .at("defaultTier")
}

fn boundaries_schema() -> Value {
    let name = |about: &str| openapi::text(about, DNS_LABEL, LONGEST_LABEL);
    let required = vec![
        ("name", name("The boundary.")),
        (
            "namespaces",
            openapi::some("Who may use it.", name("A namespace.")),
        ),
    ];
    let boundary = openapi::object("A reserved name.", required, Vec::new());
    let about = "Names of boundaries that only the listed namespaces may use.";
    openapi::with_rules(openapi::list(about, boundary), &[openapi::once("name")])
}

fn severities_schema() -> Value {
    let about = "What findings do, by the id of their rule; slicegate rules lists the ids and the defaults.";
    let severity = openapi::nullable(openapi::word("What the rule does.", &SEVERITIES));
    let ids = openapi::texts(rules::ALL.iter().map(|rule| rule.id));
    let always = rules::ALL.iter().filter(|rule| rule.always_denies);
    let always = openapi::texts(always.map(|rule| rule.id));
    let deny = Severity::Deny.word();
    openapi::with_rules(
        openapi::map(about, severity, rules::ALL.len()),
        &[
            openapi::rule(
                format!("self.all(id, id in {ids})"),
                "no such rule; slicegate rules lists them",
            ),
            openapi::rule(
                format!("{always}.all(id, !(id in self) || self[id] == '{deny}')"),
                format!(
                    "{always} always deny, because nothing sound can be decided without them; remove them"
                ),
            ),
        ],
    )
}
