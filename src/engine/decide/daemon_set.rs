//! A DaemonSet's pod or template: its controller chose the node before anybody asked, so it is judged there and left there.

use crate::engine::decide::builder::Draft;
use crate::engine::line::decision::{Decision, StampReason};
use crate::engine::line::request::Asked;
use crate::engine::line::request::{Named, Want};
use crate::engine::rules;
use crate::engine::supply::product_patterns::product_matches;
use crate::engine::supply::{Group, Knowledge, Offer};
use crate::engine::vocabulary::names;
use crate::engine::vocabulary::policy::Tier;
use crate::engine::vocabulary::strategy::{CoTenancy, Isolation, Strategy};

impl<'a> Draft<'_, 'a> {
    /// Judges a pod on the node that its controller pinned it to, or a template by what it says alone.
    pub(super) fn daemon_set(mut self, asked: &Asked<'a>, pinned: Option<&str>) -> Decision<'a> {
        rules::daemonset_share::check(&mut self.findings);
        self.below_tier_by_name(asked);
        let supply = self.question.supply;
        let group = pinned.and_then(|node| supply.group_of(node));
        for want in &asked.wants {
            if want.named == Named::Nothing {
                // There is no request to keep, and none may be written for a pod that cannot be steered.
                self.findings.refuse(
                    &rules::no_such_offer::RULE,
                    want.place.to_string(),
                    rules::daemonset_share::nothing_to_keep(want.container),
                );
            }
            let offer = group.and_then(|group| self.offer_for(want, group));
            match (pinned, offer) {
                (Some(node), Some(offer)) => self.on_node(asked, want, node, offer),
                (Some(node), None) => self.on_unknown_node(want, (node, group)),
                (None, _) => {}
            }
        }
        if self.findings.deny() {
            return self.deny();
        }
        let given = group.and_then(|group| self.given_on(&asked.wants, group));
        self.stamp(&asked.wants, given, StampReason::DaemonSet)
    }

    /// The weakest strategy by which a node gives what a pod asks for; none where that is not known of all of it.
    pub(super) fn given_on(&self, wants: &[Want<'_>], group: &Group) -> Option<Strategy> {
        let mut weakest: Option<Strategy> = None;
        for want in wants {
            let strategy = self.offer_for(want, group)?.strategy;
            weakest = weakest
                .into_iter()
                .chain([strategy])
                .min_by_key(|s| s.isolation());
        }
        weakest
    }

    fn offer_for(&self, want: &Want<'_>, group: &Group) -> Option<&'a Offer> {
        let supply = self.question.supply;
        let resource = want.fixed_resource().unwrap_or(names::GPU);
        let sold = group.sold.iter();
        let mut offers = sold.filter_map(|sold| supply.offers.get(sold.offer));
        offers.find(|offer| offer.resource == resource)
    }

    /// A resource or strategy that is named and weaker than the tier is refused on any node, and so are several GPUs in a
    /// tier that only shares.
    fn below_tier_by_name(&mut self, asked: &Asked<'a>) {
        let Some(tier) = self.tier else { return };
        for want in &asked.wants {
            let is_named = want.fixed_resource().is_some();
            let is_several = want.count > 1 && want.named == Named::Gpu;
            if is_named && want.strategies(Some(tier)).is_empty() {
                self.no_strategy(want);
            }
            if is_several && !tier.strategies.contains(&Strategy::Exclusive) {
                let text = rules::whole_gpu_needed::text(want, Some(tier), None);
                let path = format!("{}/resources", want.place);
                self.findings
                    .add(&rules::whole_gpu_needed::RULE, path, text);
            }
        }
        if let Some(strategy) = asked.strategy {
            self.may_name(strategy);
        }
    }

    fn on_node(&mut self, asked: &Asked<'_>, want: &Want<'_>, node: &str, offer: &Offer) {
        let path = || want.place.to_string();
        let strategy = offer.strategy;
        if let Some(tier) = self.tier.filter(|t| strategy.isolation() < t.isolation) {
            let text = rules::isolation_below_tier::node(node, strategy, tier);
            self.findings
                .add(&rules::isolation_below_tier::RULE, path(), text);
        }
        // Under a name that says it is a share it was found before.
        let is_told = matches!(want.named, Named::Shared | Named::SharedSlice(_));
        if strategy.is_shared() && want.count > 1 && !is_told {
            let text = rules::share_count::many(&offer.resource, &want.count.to_string());
            self.findings.add(&rules::share_count::RULE, path(), text);
        }
        let meets = product_matches(&asked.products, &offer.product)
            && want.ask.met_by(offer).is_ok()
            && asked.strategy.is_none_or(|asked| asked == strategy);
        // Whoever may sit beside anybody sits beside nobody by MPS, where one process takes its neighbours down; no policy
        // lets a tier have both, and none makes a warning of it here.
        let is_for_anybody = |tier: &Tier| tier.co_tenancy == CoTenancy::Any;
        let is_exposed = strategy == Strategy::Mps && self.tier.is_some_and(is_for_anybody);
        if meets && !is_exposed {
            return;
        }
        let gives = format!("{} of {} by {strategy}", offer.resource, offer.product);
        let text = rules::daemonset_share::unmet(want.container, node, &gives);
        match is_exposed {
            true => self
                .findings
                .refuse(&rules::no_such_offer::RULE, path(), text),
            false => self.findings.add(&rules::no_such_offer::RULE, path(), text),
        }
    }

    /// Where a tier needs isolation, nobody may be let in who may get none; the controller tries again.
    fn on_unknown_node(&mut self, want: &Want<'_>, (node, group): (&str, Option<&Group>)) {
        let resource = want.fixed_resource().unwrap_or(names::GPU);
        let mut unknown = group.into_iter().flat_map(|group| &group.unknown);
        let unknown = unknown.find(|unknown| unknown.resource == resource);
        let is_assumed = self.question.supply.knowledge == Knowledge::Assumed;
        let strict = self
            .tier
            .filter(|t| t.isolation > Isolation::None && !is_assumed);
        let path = want.place.to_string();
        match strict {
            Some(tier) => {
                let text = rules::isolation_below_tier::unknown_node(node, resource, unknown, tier);
                self.findings
                    .add(&rules::isolation_below_tier::RULE, path, text);
            }
            None => {
                let text = rules::daemonset_share::unknown(node, resource, unknown);
                self.findings.warn(&rules::supply_unknown::RULE, path, text);
            }
        }
    }
}
