//! The catalogue as tables for people.

use anstyle::Style;

use super::table::{Cell, Column, Table, paint, width, wrap};
use crate::report::catalog::{Catalog, Mig};

/// The whole of it.
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
    let mut text = format!("{}\n", paint(Style::new().bold(), head));
    for line in wrap(about, width()) {
        text.push_str(&format!("{line}\n"));
    }
    text.push('\n');
    text
}

fn heads<const N: usize>(heads: [&str; N]) -> [Cell; N] {
    heads.map(|head| Cell::styled(head, Style::new().dimmed()))
}

fn mig(product: &Mig) -> String {
    let labels = match product.labels {
        [] => "no product label known".to_owned(),
        labels => labels.join(", "),
    };
    let slices = format!(
        "{} compute and {} memory slices",
        product.compute_slices, product.memory_slices
    );
    let mut text = format!(
        "  {}: {slices}\n",
        paint(Style::new().bold(), product.product)
    );
    for line in wrap(&labels, width() - 2) {
        text.push_str(&format!("  {line}\n"));
    }
    text.push_str(&profiles(product));
    text.push('\n');
    text
}

fn profiles(product: &Mig) -> String {
    let columns = [
        Column::Left(40),
        Column::Right,
        Column::Right,
        Column::Right,
    ];
    let mut table = Table::new(4, &columns);
    table.row(heads([
        "RESOURCE",
        "COMPUTE",
        "MEMORY",
        "MIB",
        "MOST ON ONE GPU",
    ]));
    for profile in &product.profiles {
        table.row([
            profile.resource.as_str().into(),
            profile.compute_slices.to_string().into(),
            profile.memory_slices.to_string().into(),
            mib(profile.memory_mib).into(),
            profile.max_instances.to_string().into(),
        ]);
    }
    table.render()
}

fn fleet(catalog: &Catalog) -> String {
    let columns = [
        Column::Left(30),
        Column::Left(12),
        Column::Left(24),
        Column::Right,
        Column::Right,
    ];
    let mut table = Table::new(2, &columns);
    table.row(heads([
        "NODE", "STRATEGY", "RESOURCE", "COUNT", "MIB", "PRODUCT",
    ]));
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
    let mut table = Table::new(2, &[Column::Left(30), Column::Left(10), Column::Left(40)]);
    table.row(heads(["SYSTEMS", "STANDS AS", "KEY", ""]));
    for word in &catalog.foreign_vocabularies {
        table.row([
            word.systems.join(", ").into(),
            word.stands.into(),
            word.key.into(),
            if word.takes_a_share { "share" } else { "" }.into(),
        ]);
    }
    table.render()
}

fn mib(size: Option<u64>) -> String {
    size.map_or_else(|| "-".to_owned(), |mib| mib.to_string())
}
