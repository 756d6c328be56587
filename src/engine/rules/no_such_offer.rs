//! `no-such-offer`: refuses a pod that no node could ever serve.

use crate::engine::line::PlacementQuery;
use crate::engine::vocabulary::{Rule, Strategy, Text};

/// The rule.
pub static RULE: Rule = Rule::denies("no-such-offer", include_str!("no_such_offer.md"));

/// What came nearest to serving the pod, in words.
#[derive(Debug)]
pub struct Nearest {
    /// The request of the pod.
    pub request_words: String,
    /// Offers with the reason why each does not serve, nearest first; none where no node has such an offer.
    pub offers: Vec<String>,
    /// What would let the first of them serve the pod.
    pub fix: Option<String>,
}

/// Nothing known can ever serve the pod: the candidates, nearest first, and what would help. `tiers` are those that the
/// namespace allows and that could serve it.
pub fn text(query: &PlacementQuery<'_, '_>, nearest: Nearest, tiers: &[&str]) -> Text {
    let request = nearest.request_words;
    let why = match nearest.offers.as_slice() {
        [] => format!(": {}", existing(query)),
        offers => format!("; nearest: {}", offers.join("; ")),
    };
    let mut fix = nearest.fix;
    let fix = fix.get_or_insert_with(|| without_offers(query).to_owned());
    let listed = tiers.join(", ");
    let tiers = match tiers {
        [] => String::new(),
        [tier] => format!(", or name tier {tier}, which known nodes can serve"),
        _ => format!(", or name one of the tiers that known nodes can serve: {listed}"),
    };
    (
        format!("no known node can ever serve {request}{why}"),
        format!(
            "{fix}{tiers}; nodes that are not there yet are declared under supply.pools in the policy"
        ),
    )
}

/// What to do where no node offers anything of the kind.
fn without_offers(query: &PlacementQuery<'_, '_>) -> &'static str {
    let mut requests = query.requests.iter();
    if requests.any(|request| request.fixed_resource().is_some()) {
        "ask for nvidia.com/gpu: 1 and let the tier choose, or for a name that there is"
    } else if query.strategies.iter().any(|s| s != Strategy::Exclusive) {
        "the administrator has some nodes hand out shares first (docs/nodes.md)"
    } else {
        "the administrator leaves some nodes whole (docs/nodes.md)"
    }
}

/// The offers of the same kind under other names, or that there are none.
fn existing(query: &PlacementQuery<'_, '_>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for offer in &query.supply.offers {
        let alike = query.strategies.iter().any(|s| s == offer.strategy);
        if alike && !names.contains(&offer.resource.as_str()) {
            names.push(&offer.resource);
        }
    }
    if !names.is_empty() {
        return format!("none offers it; there is {}", names.join(", "));
    }
    let words: Vec<&str> = query.strategies.iter().map(Strategy::word).collect();
    let words = words.join(" or ");
    match whole_gpus(query) {
        0 if words == Strategy::Exclusive.word() => "none hands out whole GPUs".to_owned(),
        0 => format!("none hands out GPUs by {words}"),
        1 => format!("there is one whole GPU, and none is handed out by {words}"),
        whole => format!("there are {whole} whole GPUs, and none is handed out by {words}"),
    }
}

/// Whole GPUs that the fleet hands out.
fn whole_gpus(query: &PlacementQuery<'_, '_>) -> u64 {
    let supply = query.supply;
    let groups = supply.groups.iter().map(|group| {
        let advertised = supply.advertised(group);
        let whole = advertised.filter(|(offer, _)| offer.strategy == Strategy::Exclusive);
        let count: u64 = whole.map(|(_, advertised)| advertised.count).sum();
        count.saturating_mul(supply.nodes_in(group) as u64)
    });
    groups.sum()
}

/// The message for a request without a whole resource that the tier has no strategy for.
pub fn unnamed() -> String {
    "no strategy may serve the ask, and it names no whole resource that could stay as it is"
        .to_owned()
}
