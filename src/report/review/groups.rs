//! Makes one item of objects that are alike, for people: five thousand equal pods are one line.

use std::collections::HashMap;

use super::model::Item;

/// The items so far, with one item for objects that are alike.
#[derive(Default)]
pub(super) struct Groups {
    items: Vec<Item>,
    /// By what is shown of them.
    known: HashMap<String, usize>,
    /// By item and title, the position among its objects.
    members: HashMap<(usize, String), usize>,
}

impl Groups {
    pub(super) fn add(&mut self, mut item: Item) {
        let at = *self.known.entry(shown(&item)).or_insert(self.items.len());
        let objects = std::mem::take(&mut item.preview.objects);
        match self.items.get_mut(at) {
            Some(known) => {
                if let (Some(all), Some(more)) = (&mut known.gpus, item.gpus) {
                    all.add(more);
                }
            }
            None => self.items.push(item),
        }
        let Some(known) = self.items.get_mut(at) else {
            return;
        };
        for object in objects {
            let key = (at, format!("{} {}", object.title, object.place));
            let members = &mut known.preview.objects;
            let position = *self.members.entry(key).or_insert(members.len());
            match members.get_mut(position) {
                Some(member) => member.pods = member.pods.saturating_add(object.pods),
                None => members.push(object),
            }
        }
    }

    /// In the order in which the first of each came. Objects that make no pods are last.
    pub(super) fn into_items(self) -> Vec<Item> {
        let (skipped, mut items): (Vec<Item>, Vec<Item>) = self
            .items
            .into_iter()
            .partition(|item| item.outcome == "skipped");
        items.extend(skipped);
        items
    }
}

/// All that people are shown of an item, without its name.
fn shown(item: &Item) -> String {
    let (one, preview) = (item.preview.one, &item.preview);
    let judged = (
        (item.outcome, item.mode, &item.tier, &item.trust_boundary),
        (&item.reason, &item.findings, &item.changes),
        (&item.considered, &preview.writes, &preview.left_out),
        (one.before.to_bits(), one.after.to_bits()),
    );
    // It has a JSON form, as all of it is printed in.
    serde_json::to_string(&judged).unwrap_or_default()
}
