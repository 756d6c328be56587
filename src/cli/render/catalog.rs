//! The catalogue as tables for people.

use anstyle::Style;

use super::table::{Column, Table, bold, paragraph};
use crate::report::catalog::{Catalog, MigEntry};

pub(crate) fn render(catalog: &Catalog) -> String {
    let mut text = section(
        "MIG profiles",
        "What one slice takes and holds. MiB is the smallest documented size; - where only the \
         nominal one is known. What a node's own labels say counts more.",
    );
    for product in &catalog.mig {
        text.push_str(&mig(product));
    }
    text.push_str(&section(
        "Assumed fleet",
        "What review judges against without --nodes. It is a stand-in, so what it cannot serve is \
         only warned of.",
    ));
    text.push_str(&fleet(catalog));
    text.push_str(&section(
        "Words of other sharing systems",
        "A pod with one of them is foreign-sharing in an enforced namespace, unless the policy's \
         foreignSharing names the system. Those marked share need no GPU resource beside them.",
    ));
    text.push_str(&foreign(catalog));
    text
}

fn section(head: &str, about: &str) -> String {
    let mut text = format!("{}\n", bold(head));
    paragraph(&mut text, 0, about);
    text.push('\n');
    text
}

/// A table that begins with the names of its columns.
fn table<const N: usize>(indent: usize, columns: &[Column], head: [&str; N]) -> Table {
    let mut table = Table::new(indent, columns);
    table.head(Style::new().dimmed(), head);
    table
}

fn mig(product: &MigEntry) -> String {
    let labels = match product.labels {
        [] => "no product label known".to_owned(),
        labels => labels.join(", "),
    };
    let mut text = format!(
        "  {}: {} compute and {} memory slices\n",
        bold(product.product),
        product.compute_slices,
        product.memory_slices
    );
    paragraph(&mut text, 2, &labels);
    let columns = [
        Column::Left(40),
        Column::Right,
        Column::Right,
        Column::Right,
    ];
    let head = ["RESOURCE", "COMPUTE", "MEMORY", "MIB", "MOST ON ONE GPU"];
    let mut table = table(4, &columns, head);
    for profile in &product.profiles {
        table.row([
            profile.resource.as_str().into(),
            profile.compute_slices.to_string().into(),
            profile.memory_slices.to_string().into(),
            mib(profile.memory_mib).into(),
            profile.max_instances.to_string().into(),
        ]);
    }
    text + &table.render() + "\n"
}

fn fleet(catalog: &Catalog) -> String {
    let columns = [
        Column::Left(30),
        Column::Left(12),
        Column::Left(24),
        Column::Right,
        Column::Right,
    ];
    let head = ["NODE", "STRATEGY", "RESOURCE", "COUNT", "MIB", "PRODUCT"];
    let mut table = table(2, &columns, head);
    for offer in &catalog.assumed_fleet {
        table.row([
            offer.node.as_str().into(),
            offer.strategy.into(),
            offer.resource.as_str().into(),
            offer.count.to_string().into(),
            mib(offer.memory_mib).into(),
            offer.product.as_str().into(),
        ]);
    }
    table.render() + "\n"
}

fn foreign(catalog: &Catalog) -> String {
    let columns = [Column::Left(30), Column::Left(10), Column::Left(40)];
    let mut table = table(2, &columns, ["SYSTEMS", "STANDS AS", "KEY", ""]);
    for name in &catalog.foreign_vocabularies {
        table.row([
            name.systems.join(", ").into(),
            name.stands.into(),
            name.key.into(),
            if name.takes_a_share { "share" } else { "" }.into(),
        ]);
    }
    table.render()
}

fn mib(size: Option<u64>) -> String {
    size.map_or_else(|| "-".to_owned(), |mib| mib.to_string())
}
